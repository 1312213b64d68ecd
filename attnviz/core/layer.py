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


def leave(
    tensors: LayerWeights,
    name: str,
    branch: FloatArray,
    residual: FloatArray,
    out: FloatArray | None = None,
) -> FloatArray:
    """Add a sublayer's output to what it branched from, with the norms inside and after.

    ``branch`` is lost; the sum may go into ``out``.
    """
    inside = tensors.norms.get(f"{name}.norm_inside")
    after = tensors.norms.get(f"{name}.norm_after")
    if inside:
        normed(branch, inside, out=branch)
    if out is None:
        out = branch
    if after is None:
        return np.add(branch, residual, out=out)
    branch += residual
    return normed(branch, after, out=out)


def mlp(tensors: LayerWeights, spec: MLPSpec, x: FloatArray, crew: Crew) -> FloatArray:
    """The MLP of x (row, d_model), in a room of its own until the next one."""
    step = max(1, CACHED // max(len(x), 1))

    def share(neurons: slice, out: FloatArray) -> None:
        width = neurons.stop - neurons.start
        hidden = room("hidden", width, len(x)).T
        tensors.up.outputs(neurons).fill(x, hidden)  # the gate, where gated
        for start in range(0, width, step):
            tensors.activation(hidden[:, start : start + step])
        if spec.gated:
            beside = slice(spec.d_ff + neurons.start, spec.d_ff + neurons.stop)
            hidden *= tensors.up.outputs(beside)(x)
        tensors.down.inputs(neurons).fill(hidden, out)

    parts = room("parts", crew.n_shares, len(tensors.down.weight), len(x)).swapaxes(1, 2)
    return crew.total(share, spec.d_ff, parts)


def shape_queries(
    x: FloatArray, spec: AttentionSpec, tensors: AttentionWeights, rotation: Rotation | None
) -> None:
    """Norm, rotate and scale projected queries (row, head · d_head) in place."""
    _shape(x, spec, tensors.query_norm, rotation)
    if spec.scale != 1.0:
        x *= np.float32(spec.scale)


def shape_keys(
    x: FloatArray, spec: AttentionSpec, tensors: AttentionWeights, rotation: Rotation | None
) -> None:
    """Norm and rotate projected keys (row, head · d_head) in place."""
    _shape(x, spec, tensors.key_norm, rotation)


def _shape(
    x: FloatArray,
    spec: AttentionSpec,
    weights: NormWeights | None,
    rotation: Rotation | None,
) -> None:
    heads = x.reshape(len(x), -1, spec.d_head)
    if weights is not None:
        whole = spec.qk_norm_over == "all"
        x[...] = normed(x if whole else heads, weights).reshape(x.shape)
    if rotation is not None and spec.rotary is not None:
        rotate_(heads, *rotation, interleaved=spec.rotary.interleaved)


def key_value(tensors: AttentionWeights, spec: AttentionSpec) -> Linear:
    """The projection to keys and values alone, for cross attention."""
    d_query = spec.n_heads * spec.d_head
    return tensors.qkv.outputs(slice(d_query, d_query + 2 * spec.n_kv_heads * spec.d_head))
