"""Attention results made from a seed, of the kinds that models give: bands, sinks and noise."""

from __future__ import annotations

import numpy as np

from attnviz.result import AttentionMap, AttentionResult, FloatArray, ModelInfo, Token


def attention(
    shape: tuple[int, int, int, int], *, seed: int = 0, causal: bool = False
) -> FloatArray:
    """Weights (layer, head, query, key) whose rows sum to 1."""
    rng = np.random.default_rng(seed)
    layers, heads, queries, keys = shape
    offset = np.arange(queries)[:, None] * keys / queries - np.arange(keys)
    weights = np.empty(shape, np.float32)
    for at in np.ndindex(layers, heads):
        scores = rng.normal(size=(queries, keys)) * rng.uniform(0.3, 1.5)
        band = np.exp(-(((offset + rng.integers(-3, 4)) / rng.uniform(0.6, 4)) ** 2))
        scores += rng.uniform(0, 5) * band + rng.normal(size=keys)
        scores[:, 0] += rng.uniform(0, 5)
        if causal:
            scores = np.where(np.tri(queries, keys, dtype=bool), scores, -np.inf)
        weights[at] = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights[at] /= weights[at].sum(axis=1, keepdims=True)
    return weights


def noise(n_tokens: int, n_heads: int = 12, *, seed: int = 0) -> FloatArray:
    """The hardest weights to pack (head, query, key): softmax of nothing but noise."""
    scores = np.random.default_rng(seed).normal(size=(n_heads, n_tokens, n_tokens))
    weights = np.exp(scores.astype(np.float32))
    return weights / weights.sum(axis=-1, keepdims=True)


def tokens_of(
    pieces: str, *, first: str | None = None, last: str | None = None
) -> tuple[tuple[Token, ...], str]:
    """Tokens and their text from pieces with spaces between; ``##`` continues a word."""
    text, word = "", -1
    tokens = [Token(first, special=True)] if first else []
    for piece in pieces.split():
        inside = piece.startswith("##")
        written = piece.removeprefix("##")
        text += "" if inside or not text else " "
        word += not inside
        tokens.append(Token(written, start=len(text), end=len(text) + len(written), word=word))
        text += written
    return (*tokens, *([Token(last, special=True)] if last else [])), text


def encoder(pieces: str = "the ship ##wright mend ##ed it", *, layers: int = 2, heads: int = 3):
    """A result as an encoder gives it, with special tokens and words of several tokens."""
    tokens, text = tokens_of(pieces, first="[CLS]", last="[SEP]")
    shape = (layers, heads, len(tokens), len(tokens))
    model = ModelInfo("small", "bert", layers, heads)
    return AttentionResult(
        tokens, {"encoder": AttentionMap(attention(shape))}, (), (text,), model=model
    )


def translator() -> AttentionResult:
    """A result with all three maps, of two texts of different length."""
    source, text = tokens_of("the old boat ##man sleeps", last="</s>")
    target, translated = tokens_of("der alte Boots ##mann schläft gut", first="<pad>", last="</s>")
    n, m = len(source), len(target)
    maps = {
        "encoder": AttentionMap(attention((2, 2, n, n), seed=1)),
        "decoder": AttentionMap(attention((2, 2, m, m), seed=2, causal=True)),
        "cross": AttentionMap(attention((2, 2, m, n), seed=3)),
    }
    model = ModelInfo("translator", "marian", 2, 2)
    return AttentionResult(source, maps, target, (text,), (translated,), model=model)
