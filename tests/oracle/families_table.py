"""Measure every family against its references and put the table into the README; needs no torch.

::

    python -m tests.oracle.families_table
"""

from __future__ import annotations

from attnviz.families import FAMILIES, JOINED, WRAPPERS
from tests.support.families_table import BEGIN, END, README, Errors, of, table
from tests.support.references import check_case


def main() -> None:
    found = {model_type: measure(model_type) for model_type in {*FAMILIES, *JOINED, *WRAPPERS}}
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(before + BEGIN + table(found) + END + after, encoding="utf-8")


def measure(model_type: str) -> Errors:
    """The largest differences over all references of a family."""
    cases = [check_case(name) for name in of(model_type)]
    weights = max(value for case in cases for kind, value in case.items() if kind != "hidden")
    return Errors(weights, max(case["hidden"] for case in cases))


if __name__ == "__main__":
    main()
