"""Whole processes: `attnviz run` against transformers, and `attnviz --help` against typer.

::

    python -m tests.benchmarks.startup --torch-python /path/to/python
"""

from __future__ import annotations

import compileall
import re
import sys
from pathlib import Path

from tests.benchmarks.common import (
    EMBEDDED,
    ROOT,
    alternate,
    options,
    process,
    report,
    require_torch,
)

SENTENCE = "He took the hat and examined it carefully"
SHORTEST = f"""
from transformers import AutoModel, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained({str(EMBEDDED)!r})
model = AutoModel.from_pretrained({str(EMBEDDED)!r}, attn_implementation="eager", dtype="float32")
print(model(**tokenizer({SENTENCE!r}, return_tensors="pt"), output_attentions=True).attentions)
"""


def main() -> None:
    given = options(__doc__).parse_args()
    require_torch(given.torch_python)
    others = re.compile(r"[\\/]models[\\/]")  # whose folders hold nothing else
    compileall.compile_dir(ROOT / "attnviz", quiet=1, rx=others)  # as an installed package is
    script = Path(sys.executable).with_name("attnviz")
    attnviz = [str(script)] if script.exists() else [sys.executable, "-m", "attnviz"]
    run = alternate(
        {
            "ours": lambda: process([*attnviz, "run", SENTENCE]),
            "answer": lambda: process([*attnviz, "run", SENTENCE, "--ask", "it"]),
            "theirs": lambda: process([given.torch_python, "-c", SHORTEST]),
        },
        given.rounds,
    )
    for what, unit, goal in (("seconds", "s", 0.1), ("megabytes", "MB", 0.5)):
        ours, theirs = ([getattr(cost, what) for cost in run[side]] for side in ("ours", "theirs"))
        name = {"seconds": "wall time", "megabytes": "peak memory"}[what]
        report(f"attnviz run, one sentence: {name}", ours, theirs, unit, goal)
    answered, theirs = ([cost.seconds for cost in run[side]] for side in ("answer", "theirs"))
    report("the same with --ask it: wall time", answered, theirs, "s", 0.07)
    start = alternate(
        {
            "ours": lambda: process([*attnviz, "--help"]),
            "theirs": lambda: process([sys.executable, "-c", "import typer"]),
        },
        2 * given.rounds + 1,
    )
    ours, theirs = ([cost.seconds for cost in start[side]] for side in ("ours", "theirs"))
    report("attnviz --help, against import typer", ours, theirs, "s", 2.5)


if __name__ == "__main__":
    main()
