"""Pictures of blocks of tokens: those of the whole map, whatever blocks it is computed in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnviz import Head, Token
from attnviz.analysis.pooling import Pooling, block_starts, block_tokens
from attnviz.core.attention import Heads
from attnviz.core.hooks import AttentionBlock


def pooled(weights: np.ndarray, starts: list[int]) -> np.ndarray:
    """Sum over each block of keys, mean over each block of queries, one pixel after the other."""
    stops = [*starts[1:], len(weights)]
    spans = [slice(a, b) for a, b in zip(starts, stops, strict=True)]
    return np.array([[weights[q, k].sum(axis=1).mean() for k in spans] for q in spans], np.float64)


@given(
    n=st.integers(1, 40),
    most=st.integers(1, 50),
    height=st.integers(1, 40),
    causal=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_picture_is_that_of_the_whole_map(
    n: int, most: int, height: int, causal: bool, seed: int
) -> None:
    weights = np.random.default_rng(seed).random((3, n, n), np.float32)
    weights *= np.tri(n, dtype=np.float32) if causal else 1
    weights /= weights.sum(axis=-1, keepdims=True)
    starts = block_starts(n, most)
    pooling = Pooling(n, starts, {4: [0, 2]})
    none = np.zeros((3, n, 1), np.float32)
    kind = "decoder" if causal else "encoder"
    for start in range(0, n, height):
        stop = min(n, start + height)
        some, heads = weights[:, start:stop], Heads(none, none, None)
        pooling.visit(AttentionBlock(kind, 4, 0, start, stop, some, heads))
        pooling.visit(
            AttentionBlock(kind, 1, 0, start, stop, some, heads)
        )  # which nobody asked for
    for head in (0, 2):
        found = pooling.of(Head(4, head))
        np.testing.assert_allclose(found, pooled(weights[head], starts), atol=1e-5)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@given(n=st.integers(1, 1000), most=st.integers(1, 1000))
def test_there_are_at_most_so_many_blocks_and_all_but_the_last_are_equally_long(
    n: int, most: int
) -> None:
    starts = block_starts(n, most)
    lengths = np.diff([*starts, n])
    assert len(starts) <= most
    assert starts[0] == 0
    assert set(lengths[:-1]) <= {lengths[0]}
    assert 0 < lengths[-1] <= lengths[0]


def test_a_block_is_called_by_its_first_token_and_its_first_words() -> None:
    text = "He took the hat"
    spans = [(0, 2), (3, 7), (8, 11), (12, 15)]
    tokens = [Token(text[a:b], start=a, end=b, word=i) for i, (a, b) in enumerate(spans)]
    first, second = block_tokens(tokens, [text], [0, 2])
    assert (first.text, second.text) == ("0: He took", "2: the hat")
    assert (second.start, second.end, second.word) == (8, 15, None)


def test_a_block_of_tokens_without_a_text_is_called_by_them() -> None:
    tokens = [Token("a"), Token("b"), Token("c")]
    assert [one.text for one in block_tokens(tokens, [], [0, 2])] == ["0: a b", "2: c"]
