"""200 tokens written by a decoder of GPT-2's shape, and by one that reads every token anew.

::

    python -m tests.benchmarks.writing [--tokens 200]

The first remembers keys and values, and reads what it guesses together. Both write the same
tokens, which is checked. The weights are random and made here; like every greedy text, what they
write repeats itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import attnviz
from attnviz.model import generate
from tests.benchmarks.common import report
from tests.benchmarks.large import make_gpt2

GOAL = 0.1
GIVEN = [464, 2933, 1625, 262]


def written(model: attnviz.Model, n: int) -> tuple[float, list[int]]:
    """The seconds that n tokens took, and their ids."""
    started = time.perf_counter()
    result = model.attend(token_ids=GIVEN, generate=n, layers=[0])
    return time.perf_counter() - started, [token.id for token in result.tokens]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tokens", type=int, default=200)
    n = parser.parse_args().tokens
    with tempfile.TemporaryDirectory() as name:
        make_gpt2(Path(name), 1024, head=True)
        model = attnviz.load(name)
        written(model, 3)
        seconds, ids = written(model, n)
        with (
            patch.object(generate, "can_remember", lambda stack, n: False),
            patch.object(generate, "guess", lambda ids, most: ids[:0]),
        ):
            without, others = written(model, n)
    if ids != others:
        sys.exit("the two wrote different tokens")
    report(f"{n} tokens by a decoder of 124M", [seconds], [without], "s", GOAL)


if __name__ == "__main__":
    main()
