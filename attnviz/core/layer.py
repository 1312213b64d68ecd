"""What happens to each row on its own within a layer: norms, residuals, projections, the MLP."""

from __future__ import annotations

import numpy as np

from attnviz.core.ops import FloatArray, normalise, room
from attnviz.core.parallel import Crew
from attnviz.core.positions import rotate_
from attnviz.core.spec import AttentionSpec, MLPSpec
from attnviz.core.weights import AttentionWeights, LayerWeights, Linear, NormWeights

__all__ = ["before", "leave", "mlp", "normed", "shape_keys", "shape_queries"]

Rotation = tuple[FloatArray, FloatArray]

CACHED = 1 << 17
"""Numbers that an activation works on at a time, so that its passes stay in the cache."""


def normed(x: FloatArray, weights: NormWeights, out: FloatArray | None = None) -> FloatArray:
    """x (…, d) through one norm."""
    return normalise(x, weights.spec, weights.weight, weights.bias, out=out)


def before(tensors: LayerWeights, name: str, x: FloatArray) -> FloatArray:
    """The input of a sublayer: x (row, d_model), normed where a norm stands before it."""
    weights = tensors.norms.get(f"{name}.norm_before")
    return x if weights is None else normed(x, weights)


def leave(tensors: LayerWeights, name: str, branch: FloatArray, residual: FloatArray) -> FloatArray:
    """Add a sublayer's output to what it branched from, with the norms inside and after."""
    inside = tensors.norms.get(f"{name}.norm_inside")
    if inside:
        normed(branch, inside, out=branch)
    branch += residual
    after = tensors.norms.get(f"{name}.norm_after")
    return normed(branch, after, out=branch) if after else branch


def mlp(tensors: LayerWeights, spec: MLPSpec, x: FloatArray, crew: Crew) -> FloatArray:
    """The MLP of x (row, d_model)."""
    hidden = room(len(x), spec.d_ff)

    def share(neurons: slice) -> None:
        part = hidden[:, neurons]  # of the gate, where gated
        tensors.up.part(neurons.start, neurons.stop)(x, out=part)
        step = max(1, CACHED // max(len(x), 1))
        for start in range(0, part.shape[1], step):
            tensors.activation(part[:, start : start + step])
        if spec.gated:
            part *= tensors.up.part(spec.d_ff + neurons.start, spec.d_ff + neurons.stop)(x)

    crew.columns(share, spec.d_ff)
    return tensors.down(hidden, crew=crew)


def shape_queries(
    x: FloatArray, spec: AttentionSpec, tensors: AttentionWeights, rotation: Rotation | None
) -> None:
    """Norm, rotate and scale projected queries (row, n_heads · d_head) in place."""
    _shape(x, spec, spec.n_heads, tensors.query_norm, rotation)
    if spec.scale != 1.0:
        x *= np.float32(spec.scale)


def shape_keys(
    x: FloatArray, spec: AttentionSpec, tensors: AttentionWeights, rotation: Rotation | None
) -> None:
    """Norm and rotate projected keys (row, n_kv_heads · d_head) in place."""
    _shape(x, spec, spec.n_kv_heads, tensors.key_norm, rotation)


def _shape(
    x: FloatArray,
    spec: AttentionSpec,
    n_heads: int,
    weights: NormWeights | None,
    rotation: Rotation | None,
) -> None:
    heads = x.reshape(len(x), n_heads, spec.d_head)
    if weights is not None:
        whole = spec.qk_norm_over == "all"
        x[...] = normed(x if whole else heads, weights).reshape(x.shape)
    if rotation is not None and spec.rotary is not None:
        rotate_(heads, *rotation, interleaved=spec.rotary.interleaved)


def key_value(tensors: AttentionWeights, spec: AttentionSpec) -> Linear:
    """The projection to keys and values alone, for cross attention."""
    d_query = spec.n_heads * spec.d_head
    return tensors.qkv.part(d_query, d_query + 2 * spec.n_kv_heads * spec.d_head)
