"""Close-ups: the pixels of a long text's picture that have most weight, token by token."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.pooled import pooled_result


@settings(deadline=None)
@given(
    n=st.integers(1, 40),
    most=st.integers(1, 20),
    height=st.integers(1, 40),
    room=st.integers(1, 30),
    causal=st.booleans(),
    seed=st.integers(0, 99),
)
def test_they_are_the_heaviest_blocks_of_the_whole_map(
    n: int, most: int, height: int, room: int, causal: bool, seed: int
) -> None:
    weights = np.random.default_rng(seed).random((2, n, n), np.float32)
    weights *= np.tri(n, dtype=np.float32) if causal else 1
    weights /= weights.sum(axis=-1, keepdims=True)
    kind = "decoder" if causal else "encoder"
    result = pooled_result(weights, most, room=room, height=height, kind=kind)
    stops = [*result.starts[1:], n]
    spans = [slice(a, b) for a, b in zip(result.starts, stops, strict=True)]
    sums = {
        (row, column): [head[q, k].sum() for head in weights]
        for row, q in enumerate(spans)
        for column, k in enumerate(spans)
        if not causal or column <= row
    }
    for head, closeups in result.closeups:
        found = [(one.query, one.key) for one in closeups]
        assert len(set(found)) == len(found) == min(room, len(sums))
        kept = [sums[place][head.head] for place in found]
        left = [one[head.head] for place, one in sums.items() if place not in found]
        assert min(kept) >= max(left, default=0) - 1e-4
        assert all(a >= b - 1e-4 for a, b in pairwise(kept))
        for one in closeups:
            expected = weights[head.head, spans[one.query], spans[one.key]]
            np.testing.assert_allclose(one.weights, expected, rtol=1e-3, atol=1e-6)
