"""What heads of the embedded model find in annotated text, to hold sentences made by rule to.

::

    python -m tests.oracle.gold_heads en_ewt-ud-dev.conllu ontogum-dev.conllu

asks every head of UD_English-EWT's development part for subjects, objects and determiners, both
ways, and of OntoGUM's for antecedents, and writes how often each was right.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import attnviz

FILE = Path(__file__).parents[1] / "fixtures" / "gold_heads.json"
RELATIONS = [
    *(f"{one} → head" for one in ("nsubj", "obj", "det")),
    *(f"head → {one}" for one in ("nsubj", "obj", "det")),
]
ANTECEDENTS = ["antecedent", "noun antecedent"]


def main(ewt: str, gum: str) -> None:
    """Write the fixture."""
    model = attnviz.load()
    asked = ((ewt, RELATIONS), (gum, ANTECEDENTS))
    found = {
        name: {"n": one.n, "right": one.right.tolist()}
        for file, names in asked
        for name, one in attnviz.probe(model, [file]).items()
        if name in names
    }
    FILE.write_text(json.dumps(found, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
