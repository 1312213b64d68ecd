"""A warm process: attend() against transformers' eager forward pass that returns attentions.

::

    python -m tests.benchmarks.forward --torch-python /path/to/python

Each side runs in a process of its own with all cores; bursts of calls alternate. The first call
of a burst, which wakes threads that slept, is reported apart from those that follow.
"""

from __future__ import annotations

import statistics
import sys

from tokenizers import Tokenizer

from tests.benchmarks.common import EMBEDDED, Worker, alternate, options, report, require_torch

LENGTHS = {12: 20, 128: 8, 512: 4}  # tokens: calls in a burst, short enough to meet like conditions
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
    given = options(__doc__, rounds=40).parse_args()
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
            for when, part in (("after a pause", slice(0, 1)), ("in a burst", slice(1, None))):
                mine, other = (
                    [1000 * statistics.median(burst[part]) for burst in found[side]]
                    for side in ("ours", "theirs")
                )
                report(f"attend, {length} tokens, {when}", mine, other, "ms", 1.0)


if __name__ == "__main__":
    main()
