"""Keep nothing of a long text's attention but its strongest links.

::

    python -m tests.benchmarks.strongest FOLDER TOKENS

prints them; a benchmark measures the memory it takes.
"""

from __future__ import annotations

import sys

import numpy as np

import attnviz

KEPT = 100


def main() -> None:
    model, length = attnviz.load(sys.argv[1]), int(sys.argv[2])
    size = model.spec.stacks[0].embedding.vocab_size
    ids = (7919 * np.arange(length, dtype=np.int64)) % size
    for link in model.strongest(model.label(ids), KEPT):
        print(f"{link.head}: {link.query} -> {link.key} {link.weight:.4f}")


if __name__ == "__main__":
    main()
