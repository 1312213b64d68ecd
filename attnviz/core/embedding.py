"""From token ids to the first hidden states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.core.buffers import FloatArray, IntArray, states
from attnviz.core.positions import position_ids, sinusoids
from attnviz.core.spec import EmbeddingSpec, NormSpec, PositionSpec, StackSpec
from attnviz.core.weights import NormWeights, WeightCache, Weights, linear, norm

__all__ = ["embed"]


def embed(
    stack: StackSpec,
    weights: Weights,
    cache: WeightCache,
    ids: Sequence[IntArray],
    types: Sequence[IntArray | None],
) -> FloatArray:
    """Hidden states (token of all sequences, d_model) before the first layer."""
    spec, name = stack.embedding, stack.kind
    every = np.concatenate(ids)
    x = weights.rows(f"{name}.token.weight", every, spec.d_embedding)
    if spec.scale != 1.0:
        x *= np.float32(spec.scale)
    if spec.project == "tokens":
        x = linear(weights, (f"{name}.project",), (stack.d_model,), spec.d_embedding)(x)
    if spec.positions:
        where = np.concatenate([position_ids(sequence, spec.positions) for sequence in ids])
        x += _positions(weights, name, spec.positions, where, x.shape[1])
    if spec.n_types:
        kinds = [
            np.zeros(len(sequence), np.int64) if kind is None else kind
            for sequence, kind in zip(ids, types, strict=True)
        ]
        x += weights.rows(f"{name}.type.weight", np.concatenate(kinds), x.shape[1])
    summed = states(*x.shape)
    summed[...] = x
    return _finish(stack, spec, weights, cache, summed)


def _finish(
    stack: StackSpec, spec: EmbeddingSpec, weights: Weights, cache: WeightCache, x: FloatArray
) -> FloatArray:
    name, sizes = f"{stack.kind}.project", (stack.d_model,)
    if spec.project == "sum":
        x = linear(weights, (name,), sizes, spec.d_embedding)(x)
    if spec.norm:
        found = _norm(stack.kind, spec.norm, weights, cache, x.shape[1])
        x = found(x, out=x)
    if spec.project == "normed":
        x = linear(weights, (name,), sizes, spec.d_embedding)(x)
    return x


def _norm(
    name: str, spec: NormSpec, weights: Weights, cache: WeightCache, width: int
) -> NormWeights:
    return cache.load(
        f"{name}.embedding_norm",
        lambda: norm(weights, f"{name}.embedding_norm", spec, width),
        lambda: 8 * width,
    )


def _positions(
    weights: Weights, name: str, spec: PositionSpec, where: IntArray, d: int
) -> FloatArray:
    if spec.kind == "learned" or weights.has(f"{name}.position.weight"):
        return weights.rows(f"{name}.position.weight", where, d)
    found = sinusoids(where, d, spec.kind)
    if spec.kind == "fairseq" and spec.pad_id is not None:
        found[where == spec.pad_id] = 0
    return found
