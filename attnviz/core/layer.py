"""One layer: pre-norm, attention, cross attention, feed-forward, add & norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.feed_forward import mlp
from attnviz.core.multi_head import Batch, Sublayer, multi_head
from attnviz.core.spec import LayerSpec
from attnviz.core.weights import LayerWeights


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer of a stack over a batch; ``table`` is the stack's, for score biases."""

    batch: Batch
    index: int
    spec: LayerSpec
    weights: LayerWeights
    table: FloatArray | None


def run_layer(layer: Layer, x: FloatArray, *, need_output: bool) -> FloatArray:
    """One layer of hidden states x (row, d_model) (Vaswani et al. 2017, sec. 3.1).

    Without ``need_output`` it stops behind the last softmax that is wanted.
    """
    batch, spec, weights, cross = layer.batch, layer.spec, layer.weights, layer.weights.cross
    crosses = cross is not None and (need_output or batch.request.wants("cross", layer.index))
    batch.show("layer_input", layer.index, x)
    normed = pre_norm(layer, "attention", x)
    itself = spec.attention, weights.attention, layer.table, need_output or crosses
    output = multi_head(Sublayer(batch, batch.kind, layer.index, *itself), normed)
    if output is None:
        return x
    middle = add_and_norm(layer, "attention", output, normed if spec.residual_after_norm else x)
    if crosses and spec.cross and cross:
        across = Sublayer(batch, "cross", layer.index, spec.cross, cross, None, need_output)
        output = multi_head(across, pre_norm(layer, "cross", middle))
        if output is None:
            return x
        middle = add_and_norm(layer, "cross", output, middle)
    given = pre_norm(layer, "mlp", x if spec.parallel else middle) if spec.mlp_norm else normed
    added = mlp(weights, spec.mlp, given, batch.sharing)
    return add_and_norm(layer, "mlp", added, given if spec.residual_after_norm else middle)


def pre_norm(layer: Layer, name: str, x: FloatArray) -> FloatArray:
    """What goes into a sublayer: x (row, d_model), behind its norm (Xiong et al. 2020, fig. 1b)."""
    norm = layer.weights.norms.get(f"{name}.norm_before")
    found = norm(x) if norm else x
    layer.batch.show(f"{name}_input", layer.index, found)
    return found


def add_and_norm(layer: Layer, name: str, output: FloatArray, residual: FloatArray) -> FloatArray:
    """norm(residual + output), as far as there are norms (Vaswani et al. 2017, sec. 5.4).

    Post-norm models have a norm after the sum, some one inside, on the output alone, and some
    scale the output. The sum is in the place of ``output`` (row, d_model).
    """
    layer.batch.show(f"{name}_output", layer.index, output)
    inside = layer.weights.norms.get(f"{name}.norm_inside")
    after = layer.weights.norms.get(f"{name}.norm_after")
    if inside:
        inside(output, out=output)
    if layer.spec.residual_scale != 1.0:
        output *= np.float32(layer.spec.residual_scale)
    output += residual
    if after:
        after(output, out=output)
    layer.batch.show(f"{name}_sum", layer.index, output)
    return output
