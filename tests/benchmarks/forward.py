"""A warm process: attend() against transformers' eager forward pass that returns attentions.

::

    python -m tests.benchmarks.forward --torch-python /path/to/python [--busy]

``--busy`` keeps a busy loop on every core meanwhile, as other programs do. Each side runs in a
process of its own with all cores; bursts of calls alternate. The goal is for warm calls. The first
of a burst, which finds caches cold and threads asleep, is reported apart from those that follow; it
is to be no slower than theirs.
"""

from __future__ import annotations

import statistics
import sys
from contextlib import nullcontext

from tokenizers import Tokenizer

from tests.benchmarks.common import (
    EMBEDDED,
    Worker,
    alternate,
    busy_loops,
    options,
    report,
    require_torch,
)

LENGTHS = {12: 20, 40: 14, 128: 8, 256: 5, 512: 4}
"""Tokens: calls in a burst, short enough to meet like conditions."""
BUSY = (12, 128, 512)
IDLE_GOAL, BUSY_GOAL = 0.85, 0.70
TEXT = (
    "The keeper took the lamp and examined it carefully, because the glass had cracked in the "
    "storm and nobody else would climb the stairs before the boats came home. "
)


def token_ids(length: int) -> list[int]:
    """Sentences as the embedded model reads them, cut to so many tokens."""
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    first, *words = tokenizer.encode(TEXT * length).ids
    return [first, *words[: length - 2], words[-1]]


def main() -> None:
    parser = options(__doc__, rounds=40)
    parser.add_argument("--busy", action="store_true", help="with a busy loop on every core")
    given = parser.parse_args()
    goal = BUSY_GOAL if given.busy else IDLE_GOAL
    require_torch(given.torch_python)
    with (
        Worker(sys.executable, "attnviz", EMBEDDED) as ours,
        Worker(given.torch_python, "transformers", EMBEDDED) as theirs,
        busy_loops() if given.busy else nullcontext(),
    ):
        for length in BUSY if given.busy else LENGTHS:
            ids, times = token_ids(length), LENGTHS[length]
            found = alternate(
                {
                    "ours": lambda ids=ids, times=times: ours.seconds(ids, times),
                    "theirs": lambda ids=ids, times=times: theirs.seconds(ids, times),
                },
                given.rounds,
            )
            parts = ("after a pause", slice(0, 1), 1.0), ("in a burst", slice(1, None), goal)
            for when, part, aim in parts:
                mine, other = (
                    [1000 * statistics.median(burst[part]) for burst in found[side]]
                    for side in ("ours", "theirs")
                )
                report(f"attend, {length} tokens, {when}", mine, other, "ms", aim)


if __name__ == "__main__":
    main()
