"""One layer: pre-norm, attention, cross attention, feed-forward, add & norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.core.buffers import FloatArray, buffer
from attnviz.core.multi_head import Batch, Sublayer, SublayerOutput, multi_head
from attnviz.core.spec import LayerSpec, MLPSpec
from attnviz.core.threads import Sharing
from attnviz.core.weights import LayerWeights

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
    batch, spec, weights = layer.batch, layer.spec, layer.weights
    normed = batch.scratch.states("normed", *x.shape) if "before" in spec.norms else x

    def layer_input(rows: slice) -> FloatArray:
        batch.show("layer_input", layer.index, rows, x[rows])
        if normed is not x:
            normed[rows] = pre_norm(weights, "attention", x[rows])
        return normed[rows]

    crosses = spec.cross is not None and (need_output or batch.request.wants("cross", layer.index))
    first = spec.attention, weights.attention, layer.table, need_output or crosses
    itself = Sublayer(batch, batch.kind, layer.index, *first)
    output = multi_head(itself, layer_input)
    if output is None:
        return x
    residual = normed if spec.residual_after_norm else x
    if not crosses:
        return _feed_forward_sublayer(layer, "attention", output, residual, x, normed)
    residual = _close(layer, output, residual)
    output = _cross(layer, residual, need_output=need_output)
    if output is None:
        return x
    return _feed_forward_sublayer(layer, "cross", output, residual, x, normed)


def _close(layer: Layer, output: SublayerOutput, residual: FloatArray) -> FloatArray:
    """Add the self-attention of a decoder, in front of its cross attention."""
    found = layer.batch.scratch.states("attended", *residual.shape)

    def close(rows: slice) -> None:
        _add(layer, "attention", output(rows), residual[rows], rows, found[rows])

    layer.batch.rows(close)
    return found


def _cross(layer: Layer, x: FloatArray, *, need_output: bool) -> SublayerOutput | None:
    """A decoder's attention to the encoder's hidden states (Vaswani et al. 2017, sec. 3.2.3)."""
    spec, weights = layer.spec.cross, layer.weights.cross
    if spec is None or weights is None:
        return None
    across = Sublayer(layer.batch, "cross", layer.index, spec, weights, None, need_output)
    return multi_head(across, lambda rows: pre_norm(layer.weights, "cross", x[rows]))


def _add(
    layer: Layer,
    name: str,
    output: FloatArray,
    residual: FloatArray,
    rows: slice,
    out: FloatArray | None = None,
) -> FloatArray:
    """Add & norm behind a sublayer, its output and the sum shown."""
    layer.batch.show(f"{name}_output", layer.index, rows, output)
    found = add_and_norm(layer.weights, name, output, residual, out)
    layer.batch.show(f"{name}_sum", layer.index, rows, found)
    return found


def _feed_forward_sublayer(
    layer: Layer,
    name: str,
    output: SublayerOutput,
    residual: FloatArray,
    x: FloatArray,
    normed: FloatArray,
) -> FloatArray:
    """Everything behind the last attention of a layer, block of rows by block of rows.

    ``x`` is the layer's input and ``normed`` the attention's.
    """
    batch, spec, weights = layer.batch, layer.spec, layer.weights
    out = batch.scratch.states("states", *x.shape)  # x may be there too

    def rest(rows: slice) -> None:
        middle = _add(layer, name, output(rows), residual[rows], rows)
        source = x[rows] if spec.parallel else middle
        given = pre_norm(weights, "mlp", source) if spec.mlp_norm else normed[rows]
        batch.show("mlp_input", layer.index, rows, given)
        beside = given if spec.residual_after_norm else middle
        added = feed_forward(weights, spec.mlp, given, batch.sharing)
        _add(layer, "mlp", added, beside, rows, out[rows])

    batch.rows(rest)
    return out


def pre_norm(weights: LayerWeights, name: str, x: FloatArray) -> FloatArray:
    """x (row, d_model), normed where a norm stands before a sublayer (Xiong et al. 2020)."""
    norm = weights.norms.get(f"{name}.norm_before")
    return x if norm is None else norm(x)


def add_and_norm(
    weights: LayerWeights,
    name: str,
    output: FloatArray,
    residual: FloatArray,
    out: FloatArray | None = None,
) -> FloatArray:
    """norm(residual + output), as far as there are norms (Vaswani et al. 2017, sec. 5.4).

    Post-norm models have a norm after the sum, some one inside, on the output alone. ``output``
    (row, d_model) is lost; the sum may go into ``out``.
    """
    inside = weights.norms.get(f"{name}.norm_inside")
    after = weights.norms.get(f"{name}.norm_after")
    if inside:
        inside(output, out=output)
    if out is None:
        out = output
    if after is None:
        return np.add(output, residual, out=out)
    output += residual
    return after(output, out=out)


def feed_forward(
    weights: LayerWeights, spec: MLPSpec, x: FloatArray, sharing: Sharing
) -> FloatArray:
    """W₂ act(W₁x + b₁) + b₂ of x (row, d_model) (Vaswani et al. 2017, eq. 2).

    Gated, it is W₂ (act(Vx) ⊙ W₁x) (Shazeer 2020, eq. 6). Neurons are shared, each share from
    x to what it adds to the output. What is returned is good until the thread's next one.
    """
    n, d_model = len(x), len(weights.down.weight)
    shares = sharing.shares(spec.d_ff, n, 2 * d_model)
    parts = buffer("parts", len(shares), d_model, n).swapaxes(1, 2)

    def share(number: int) -> None:
        hidden = _neurons(weights, spec, x, shares[number])
        weights.down.inputs(shares[number]).fill(hidden, parts[number])

    return sharing.total(share, parts)


def _neurons(weights: LayerWeights, spec: MLPSpec, x: FloatArray, share: slice) -> FloatArray:
    """act(W₁x + b₁), gated where it is, of some neurons, as (row, neuron)."""
    width = share.stop - share.start
    hidden = buffer("hidden", width, len(x)).T
    weights.up.outputs(share).fill(x, hidden)  # the gate, where gated
    weights.activation(hidden)
    if spec.gated:
        hidden *= weights.up.outputs(slice(spec.d_ff + share.start, spec.d_ff + share.stop))(x)
    return hidden
