"""Rows of words that come by a few at a time are those of merged maps."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.analysis.word_rows import LONG_WORD, WordRows
from attnviz.analysis.words import merge_words, tokens_of_words
from attnviz.result import AttentionMap, AttentionResult, Token


@given(
    st.lists(st.integers(1, 4) | st.just(LONG_WORD + 1), min_size=1, max_size=9),
    st.integers(1, 70),
    st.booleans(),
)
@example([1, LONG_WORD, 2], 3, True)
@example([LONG_WORD + 1, 1], 64, False)
def test_merged_as_words_are(sizes: list[int], height: int, causal: bool) -> None:
    tokens = [Token("a", word=word) for word, size in enumerate(sizes) for _ in range(size)]
    n = len(tokens)
    weights = np.random.default_rng(n).random((2, n, n), np.float32)
    weights = np.tril(weights) if causal else weights
    result = AttentionResult(tokens, {"encoder": AttentionMap(weights[None])})
    expected = merge_words(result).maps["encoder"].weights[0]

    rows = WordRows(tokens_of_words(tokens))
    found = np.zeros_like(expected)
    for start in range(0, n, height):
        stop = min(start + height, n)
        for head in range(2):
            of_head = weights[head, start:stop]
            for first, some in rows.rows(head, of_head, start, causal=causal):
                found[head, first : first + len(some), : some.shape[1]] += some
    np.testing.assert_allclose(found, expected, rtol=1e-5)
