"""One layer: pre-norm, attention, cross attention, feed-forward, add & norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.core.buffers import FloatArray, states
from attnviz.core.multi_head import Batch, Sublayer, multi_head
from attnviz.core.spec import LayerSpec, MLPSpec
from attnviz.core.threads import Sharing, even
from attnviz.core.weights import LayerWeights

TALL = 1024
"""Rows at a time through the feed-forward, whose neurons are four times as wide as its input."""

__all__ = ["Layer", "add_and_norm", "feed_forward", "pre_norm", "run_layer"]


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
    added = feed_forward(weights, spec.mlp, given, batch.sharing)
    return _add(layer, "mlp", added, given if spec.residual_after_norm else middle)


def _input(layer: Layer, name: str, x: FloatArray) -> FloatArray:
    """What goes into a sublayer, shown."""
    found = pre_norm(layer.weights, name, x)
    layer.batch.show(f"{name}_input", layer.index, found)
    return found


def _add(layer: Layer, name: str, output: FloatArray, residual: FloatArray) -> FloatArray:
    """Add & norm behind a sublayer, its output and the sum shown."""
    layer.batch.show(f"{name}_output", layer.index, output)
    found = add_and_norm(layer.weights, name, output, residual)
    layer.batch.show(f"{name}_sum", layer.index, found)
    return found


def pre_norm(weights: LayerWeights, name: str, x: FloatArray) -> FloatArray:
    """x (row, d_model), normed where a norm stands before a sublayer (Xiong et al. 2020)."""
    norm = weights.norms.get(f"{name}.norm_before")
    return x if norm is None else norm(x)


def add_and_norm(
    weights: LayerWeights, name: str, output: FloatArray, residual: FloatArray
) -> FloatArray:
    """norm(residual + output), as far as there are norms (Vaswani et al. 2017, sec. 5.4).

    Post-norm models have a norm after the sum, some one inside, on the output alone. The sum is
    in the place of ``output`` (row, d_model).
    """
    inside = weights.norms.get(f"{name}.norm_inside")
    after = weights.norms.get(f"{name}.norm_after")
    if inside:
        inside(output, out=output)
    output += residual
    return after(output, out=output) if after else output


def feed_forward(
    weights: LayerWeights, spec: MLPSpec, x: FloatArray, sharing: Sharing
) -> FloatArray:
    """W₂ act(W₁x + b₁) + b₂ of x (row, d_model) (Vaswani et al. 2017, eq. 2).

    Gated, it is W₂ (act(Vx) ⊙ W₁x) (Shazeer 2020, eq. 6). Rows are on their own, so that 1,024 at
    a time give the same: 4,900 tokens of GPT-2 then take 493 MB and not 688.
    """
    out = states(*x.shape)
    for rows in even(len(x), -(-len(x) // TALL)):
        out[rows] = _some_rows(weights, spec, x[rows], sharing)
    return out


def _some_rows(weights: LayerWeights, spec: MLPSpec, x: FloatArray, sharing: Sharing) -> FloatArray:
    """The feed-forward of some rows; neurons are shared, each share from x to what it adds."""
    n, d_model = len(x), len(weights.down.weight)
    shares = sharing.shares(spec.d_ff, n, 2 * d_model)
    parts = np.empty((len(shares), d_model, n), np.float32).swapaxes(1, 2)

    def share(number: int) -> None:
        hidden = _neurons(weights, spec, x, shares[number])
        weights.down.inputs(shares[number]).fill(hidden, parts[number])

    sharing.each(share, range(len(shares)))
    found: FloatArray = parts[0]
    for part in parts[1:]:
        found += part
    return found


def _neurons(weights: LayerWeights, spec: MLPSpec, x: FloatArray, share: slice) -> FloatArray:
    """act(W₁x + b₁), gated where it is, of some neurons, as (row, neuron)."""
    hidden = states(len(x), share.stop - share.start)
    weights.up.outputs(share).fill(x, hidden)  # the gate, where gated
    weights.activation(hidden)
    if spec.gated:
        hidden *= weights.up.outputs(slice(spec.d_ff + share.start, spec.d_ff + share.stop))(x)
    return hidden
