"""What weights after a softmax can be, and what their zeros say of their kind."""

from __future__ import annotations

import numpy as np

from attnviz.errors import InputError
from attnviz.result import FloatArray

TOLERANCE = 0.02
"""How far beyond 1 a row may sum, for half precision loses digits."""


def kind_of(weights: FloatArray) -> str:
    """A decoder's where no query gives weight to what comes after it."""
    n_queries, n_keys = weights.shape[2:]
    ahead = np.triu(np.ones((n_queries, n_keys), bool), k=n_keys - n_queries + 1)
    causal = n_queries <= n_keys and (n_queries > 1 or n_keys > 1) and not weights[..., ahead].any()
    return "decoder" if causal else "encoder"


def check(weights: FloatArray, name: str) -> None:
    """Raise InputError, with the place, for what cannot be weights after a softmax."""
    if 0 in weights.shape:
        raise InputError(f"the {name} weights are empty: (layer, head, query, key) {weights.shape}")
    n_queries, n_keys = weights.shape[2:]
    if name != "cross" and n_queries > n_keys:
        raise InputError(
            f"the {name} weights have {n_queries} queries and {n_keys} keys, but each query is a "
            "key too; name weights between two texts by kind='cross'"
        )
    wrong = ~(weights >= 0)  # NaN too
    if wrong.any():
        place = np.unravel_index(int(wrong.argmax()), weights.shape)
        raise InputError(
            f"the {name} weights hold {weights[place]} at (layer, head, query, key) "
            f"{tuple(map(int, place))}; give the weights after the softmax"
        )
    total = weights.sum(axis=3, dtype=np.float64)
    place = np.unravel_index(int(total.argmax()), total.shape)
    if total[place] > 1 + TOLERANCE:
        raise InputError(
            f"row (layer, head, query) {tuple(map(int, place))} of the {name} weights sums to "
            f"{total[place]:.3g}; give the weights after the softmax, which sum to 1"
        )
