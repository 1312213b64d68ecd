"""A warm process: attend() against transformers' eager forward pass that returns attentions.

::

    python -m tests.benchmarks.forward --torch-python /path/to/python

Each side runs in a process of its own with all cores; bursts of calls alternate.
"""

from __future__ import annotations

import sys
from itertools import chain

from tests.benchmarks.common import EMBEDDED, Worker, alternate, options, report, require_torch

LENGTHS = {12: 40, 128: 15, 512: 6}  # tokens: calls in a burst


def token_ids(length: int) -> list[int]:
    """Ordinary words between [CLS] and [SEP]."""
    return [101, *(2000 + (37 * i) % 5000 for i in range(length - 2)), 102]


def main() -> None:
    given = options(__doc__).parse_args()
    require_torch(given.torch_python)
    with (
        Worker(sys.executable, "attnviz", EMBEDDED) as ours,
        Worker(given.torch_python, "transformers", EMBEDDED) as theirs,
    ):
        for length, times in LENGTHS.items():
            ids = token_ids(length)
            found = alternate(
                {
                    "ours": lambda ids=ids, times=times: ours.seconds(ids, times),
                    "theirs": lambda ids=ids, times=times: theirs.seconds(ids, times),
                },
                given.rounds,
            )
            mine, other = ([1000 * s for s in chain(*found[side])] for side in ("ours", "theirs"))
            report(f"attend, {length} tokens", mine, other, "ms", 1.0)
            report(
                f"attend, {length} tokens, the fastest call", [min(mine)], [min(other)], "ms", 1.0
            )


if __name__ == "__main__":
    main()
