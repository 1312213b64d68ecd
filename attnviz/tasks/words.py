"""From tokens to words: rows of numbers that are summed over the tokens of each word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.analysis.words import merge_words
from attnviz.result import AttentionMap, AttentionResult, FloatArray, Token


def sum_over_words(
    tokens: Sequence[Token], text: str, rows: FloatArray
) -> tuple[tuple[Token, ...], FloatArray]:
    """The words of a text, and rows (row, token) summed over the tokens of each: (row, word).

    Words are those that attention is merged by, so that a text has the same ones everywhere.
    """
    queries = tuple(Token(f"row {i}") for i in range(len(rows)))
    map = AttentionMap(np.asarray(rows, np.float32)[None, None])
    result = AttentionResult(tokens, {"cross": map}, target_tokens=queries, texts=(text,))
    merged = merge_words(result)
    return tuple(merged.tokens), merged.maps["cross"].weights[0, 0]
