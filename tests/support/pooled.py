"""Long texts in blocks, made of weights that are given."""

from __future__ import annotations

import numpy as np

from attnviz import Head, Token
from attnviz.analysis.closeups import Closeups, PooledResult
from attnviz.analysis.pooling import Pooling, block_starts, block_tokens
from attnviz.core.attention import Heads
from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.result import AttentionMap, FloatArray

__all__ = ["pooled_result"]


def pooled_result(
    weights: FloatArray,
    most: int,
    *,
    room: int,
    height: int = 7,
    kind: Kind = "encoder",
    tokens: tuple[Token, ...] = (),
) -> PooledResult:
    """The heads (head, query, key) of layer 0 in blocks, ``room`` close-ups of each."""
    n_heads, n, _ = weights.shape
    tokens = tokens or tuple(Token(f"t{i}") for i in range(n))
    heads, starts = [Head(0, head) for head in range(n_heads)], block_starts(n, most)
    pooling = Pooling(n, starts, {0: range(n_heads)})
    closeups = Closeups(n, starts, heads, room)
    none = np.zeros((n_heads, n, 1), np.float32)
    for start in range(0, n, height):
        some, shown = weights[:, start : start + height], Heads(none, none, None)
        block = AttentionBlock(kind, 0, 0, start, min(n, start + height), some, shown)
        pooling.visit(block)
        closeups.visit(block)
    pictures = np.stack([pooling.of(head) for head in heads])
    return PooledResult(
        block_tokens(tokens, (), starts),
        {kind: AttentionMap.of_heads(heads, pictures)},
        weighting="pooled",
        whole=tokens,
        starts=starts,
        closeups=tuple((head, closeups.of(head)) for head in heads),
    )
