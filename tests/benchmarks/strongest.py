"""Keep nothing of a long text's attention but the strongest links of each head.

::

    python -m tests.benchmarks.strongest FOLDER TOKENS

prints the strongest link of every head; a benchmark measures the memory it takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from attnviz.checkpoint.config import read_config
from attnviz.checkpoint.tensors import open_tensors
from attnviz.core.transformer import Ids, Step, Want, run
from attnviz.families import translate

KEPT = 100


class Strongest:
    """A visitor that holds the KEPT largest weights of each head, with query and key."""

    def __init__(self) -> None:
        self.links: dict[tuple[int, int], np.ndarray] = {}  # (layer, head): (link, 3)

    def visit(self, step: Step) -> None:
        for head, weights in enumerate(step.weights):
            kept = self.links.get((step.layer, head), np.empty((0, 3), np.float32))
            flat = np.ravel(weights)
            places = np.flatnonzero(flat >= max(at_least(weights), least(kept)))
            queries, keys = np.divmod(places, weights.shape[-1])
            found = np.stack([flat[places], queries + step.start, keys], axis=1).astype(np.float32)
            both = np.concatenate([kept, found])
            self.links[step.layer, head] = both[np.argsort(-both[:, 0], kind="stable")][:KEPT]


def least(links: np.ndarray) -> float:
    """What a weight must reach to be among the links kept so far."""
    return float(links[-1, 0]) if len(links) == KEPT else 0.0


def at_least(weights: np.ndarray) -> float:
    """A bound that KEPT of the weights (query, key) reach: so many rows have such a maximum."""
    highest = np.sort(weights.max(axis=1))[::-1]
    return float(highest[KEPT - 1]) if len(highest) >= KEPT else 0.0


def main() -> None:
    folder, length = Path(sys.argv[1]), int(sys.argv[2])
    config, tensors = read_config(folder), open_tensors(folder)
    _, spec, weights = translate(config, tensors)
    ids = (7919 * np.arange(length, dtype=np.int64)) % spec.stacks[0].embedding.vocab_size
    strongest = Strongest()
    layers = {stack.kind: frozenset(range(len(stack.layers))) for stack in spec.stacks}
    run(spec, weights, [Ids(ids)], Want(layers, strongest.visit))
    for (layer, head), links in sorted(strongest.links.items()):
        weight, query, key = links[0]
        print(f"{layer}.{head}: {query:.0f} -> {key:.0f} {weight:.4f}")


if __name__ == "__main__":
    main()
