"""Attention by what it moves: norms of weighted values behind the output projection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnviz.core.attention import Heads
from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.core.weights import AttentionWeights
from attnviz.result import FloatArray

__all__ = ["ValueNorms", "value_norms"]

Weights = Callable[[Kind, int], AttentionWeights]


def value_norms(heads: Heads, output: FloatArray) -> FloatArray:
    """‖f(x)‖ float32 (head, key), f(x) = (x Wⱽ + bⱽ) Wᴼ of one head (Kobayashi et al. 2020, eq. 5).

    ``output`` (d_model, head · d_head) is the projection behind all heads. Its bias belongs to no
    head and is left out, as is a norm that stands behind it.
    """
    if heads.values is None:
        raise RuntimeError("the run computed no values")
    n_heads, _, d_head = heads.queries.shape
    found = np.empty((n_heads, heads.values.shape[1]), np.float32)
    for head in range(n_heads):
        moved = heads.values[head // heads.group] @ output[:, head * d_head :][:, :d_head].T
        found[head] = np.linalg.norm(moved, axis=-1)
    return found


class ValueNorms:
    """Multiplies the weights of every block by the norms of the values that they move."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._norms: dict[tuple[str, int, int], FloatArray] = {}

    def visit(self, block: AttentionBlock) -> None:
        """Turn weights (head, query, key) into ‖α f(x)‖, in place: their context is made."""
        key = block.kind, block.layer, block.sequence
        if key not in self._norms:
            output = self._weights(block.kind, block.layer).output.weight
            self._norms = {key: value_norms(block.heads, output)}
        np.multiply(block.weights, self._norms[key][:, None], out=block.weights)
