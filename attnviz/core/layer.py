"""One layer: pre-norm, attention, cross attention, feed-forward, add & norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.feed_forward import mlp
from attnviz.core.multi_head import Batch, Sublayer, multi_head
from attnviz.core.spec import LayerSpec
from attnviz.core.weights import LayerWeights

__all__ = ["Layer", "add_and_norm", "pre_norm", "run_layer"]


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
    normed = _input(layer, "attention", x)
    itself = spec.attention, weights.attention, layer.table, need_output or crosses
    output = multi_head(Sublayer(batch, batch.kind, layer.index, *itself), normed)
    if output is None:
        return x
    middle = _add(layer, "attention", output, normed if spec.residual_after_norm else x)
    if crosses and spec.cross and cross:
        across = Sublayer(batch, "cross", layer.index, spec.cross, cross, None, need_output)
        output = multi_head(across, _input(layer, "cross", middle))
        if output is None:
            return x
        middle = _add(layer, "cross", output, middle)
    given = _input(layer, "mlp", x if spec.parallel else middle) if spec.mlp_norm else normed
    added = mlp(weights, spec.mlp, given, batch.sharing)
    return _add(layer, "mlp", added, given if spec.residual_after_norm else middle)


def _input(layer: Layer, name: str, x: FloatArray) -> FloatArray:
    """What goes into a sublayer, shown."""
    found = pre_norm(layer.weights, name, x)
    layer.batch.show(f"{name}_input", layer.index, found)
    return found


def _add(layer: Layer, name: str, output: FloatArray, residual: FloatArray) -> FloatArray:
    """Add & norm behind a sublayer, its output and the sum shown."""
    layer.batch.show(f"{name}_output", layer.index, output)
    found = add_and_norm(layer.weights, name, output, residual, layer.spec.residual_scale)
    layer.batch.show(f"{name}_sum", layer.index, found)
    return found


def pre_norm(weights: LayerWeights, name: str, x: FloatArray) -> FloatArray:
    """x (row, d_model), normed where a norm stands before a sublayer (Xiong et al. 2020)."""
    norm = weights.norms.get(f"{name}.norm_before")
    return x if norm is None else norm(x)


def add_and_norm(
    weights: LayerWeights, name: str, output: FloatArray, residual: FloatArray, scale: float = 1.0
) -> FloatArray:
    """norm(residual + output), as far as there are norms (Vaswani et al. 2017, sec. 5.4).

    Post-norm models have a norm after the sum, some one inside, on the output alone, and some
    ``scale`` the output. The sum is in the place of ``output`` (row, d_model).
    """
    inside = weights.norms.get(f"{name}.norm_inside")
    after = weights.norms.get(f"{name}.norm_after")
    if inside:
        inside(output, out=output)
    if scale != 1.0:
        output *= np.float32(scale)
    output += residual
    return after(output, out=output) if after else output
