"""How far each family is from transformers over its stored references, as a table.

::

    python -m tests.support.errors
"""

from __future__ import annotations

import warnings
from collections import defaultdict

from tests.support.references import check_case, names, read


def family_errors() -> dict[str, tuple[int, float, float]]:
    """By model_type: the number of references, the largest error of a weight, and of a state."""
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    for name in names():
        model_type = read(name)["recipe"]["config"]["model_type"]
        found[model_type].append(check_case(name))
    return {
        family: (
            len(cases),
            max(error for case in cases for kind, error in case.items() if kind != "hidden"),
            max(case["hidden"] for case in cases),
        )
        for family, cases in found.items()
    }


def main() -> None:
    warnings.simplefilter("ignore")
    for family, (count, weights, hidden) in sorted(family_errors().items()):
        print(f"{family:<12} {count:>3} references  weights {weights:.1e}  hidden {hidden:.1e}")


if __name__ == "__main__":
    main()
