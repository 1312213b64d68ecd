"""A warm process: attend() against transformers' eager forward pass that returns attentions.

::

    python -m tests.benchmarks.forward --torch-python /path/to/python

Each side runs in a process of its own with all cores; the calls alternate.
"""

from __future__ import annotations

import sys

from tests.benchmarks.common import EMBEDDED, Worker, alternate, options, report, require_torch

LENGTHS = {12: 8, 128: 4, 512: 2}  # tokens: how many times the rounds


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
            for worker in (ours, theirs):
                worker.seconds(ids)
            found = alternate(
                {
                    "ours": lambda ids=ids: 1000 * ours.seconds(ids),
                    "theirs": lambda ids=ids: 1000 * theirs.seconds(ids),
                },
                times * given.rounds,
            )
            report(f"attend, {length} tokens", found["ours"], found["theirs"], "ms", 1.0)


if __name__ == "__main__":
    main()
