"""Every reference case, family by family: the table of what is covered."""

from tests.oracle.cases import bert, deberta, encoders, gemma, gpt, llama, modernbert, phi
from tests.oracle.cases.case import Case

MODULES = (bert, encoders, deberta, modernbert, gpt, llama, gemma, phi)
CASES: list[Case] = [
    case for module in MODULES for family in module.FAMILIES for case in family.cases
]
