"""Every reference case, family by family: the table of what is covered."""

from tests.oracle.cases import (
    bart,
    bert,
    bert_like,
    deberta,
    encoders,
    experts,
    gemma,
    gpt,
    joined,
    llama,
    llama_like,
    modernbert,
    phi,
    t5,
    wrappers,
)
from tests.oracle.cases.case import Case

MODULES = (
    bert,
    encoders,
    deberta,
    modernbert,
    gpt,
    llama,
    gemma,
    phi,
    t5,
    bart,
    wrappers,
    llama_like,
    bert_like,
    joined,
    experts,
)
CASES: list[Case] = [
    case for module in MODULES for family in module.FAMILIES for case in family.cases
]
