"""The feed-forward of a layer, and mixtures of them: each token goes through some experts."""

from __future__ import annotations

import numpy as np

from attnviz.core.activations import ACTIVATIONS
from attnviz.core.buffers import FloatArray, IntArray, states
from attnviz.core.functional import softmax_
from attnviz.core.spec import Experts, MLPSpec
from attnviz.core.threads import Sharing, even
from attnviz.core.weights import ExpertsWeights, LayerWeights, MLPWeights

TALL = 2048  # rows at a time, so that neurons, four times as wide, take little memory


def mlp(weights: LayerWeights, spec: MLPSpec, x: FloatArray, sharing: Sharing) -> FloatArray:
    """What a layer's MLP adds to x (row, d_model): a feed-forward, or Σ gᵢ(x) Eᵢ(x) over experts.

    A mixture (Shazeer et al. 2017, eq. 1) has a shared expert beside those that each row is sent
    to; what no row is sent to is not read.
    """
    mixture = weights.experts
    found = feed_forward(weights.mlp, spec, x, sharing) if weights.mlp else np.zeros_like(x)
    if spec.experts is None or mixture is None:
        return found
    if mixture.shared_gate:
        found *= ACTIVATIONS["sigmoid"](mixture.shared_gate(x))
    chosen, gates = route(mixture, spec.experts, x)
    for number in np.unique(chosen):
        rows, place = np.nonzero(chosen == number)
        added = feed_forward(mixture.read(int(number)), spec, x[rows], sharing)
        found[rows] += gates[rows, place, None] * added
    return found


def route(weights: ExpertsWeights, spec: Experts, x: FloatArray) -> tuple[IntArray, FloatArray]:
    """Which experts each row of x (row, d_model) goes to, and their gates, both (row, top)."""
    logits = weights.router(x)
    scores = softmax_(logits) if spec.score == "softmax" else ACTIVATIONS["sigmoid"](logits)
    ranked = scores.copy() if weights.correction is None else scores + weights.correction
    if spec.groups:
        n, top, best = spec.groups
        grouped = ranked.reshape(len(x), n, -1)
        strength = np.sort(grouped, axis=2)[:, :, -best:].sum(axis=2)
        others = np.argsort(-strength, axis=1, kind="stable")[:, top:, None]
        np.put_along_axis(grouped, others, np.float32(-np.inf), axis=1)
        ranked = grouped.reshape(ranked.shape)
    chosen = np.argsort(-ranked, axis=1, kind="stable")[:, : spec.top]
    gates = np.take_along_axis(scores, chosen, axis=1)
    if spec.normed:
        gates /= gates.sum(axis=1, keepdims=True)
    return chosen, gates * np.float32(spec.scale)


def feed_forward(weights: MLPWeights, spec: MLPSpec, x: FloatArray, sharing: Sharing) -> FloatArray:
    """W₂ act(W₁x + b₁) + b₂ of x (row, d_model) (Vaswani et al. 2017, eq. 2).

    Gated, it is W₂ (act(Vx) ⊙ W₁x) (Shazeer 2020, eq. 6). Rows are on their own.
    """
    out = states(*x.shape)
    for rows in even(len(x), -(-len(x) // TALL)):
        out[rows] = _some_rows(weights, spec, x[rows], sharing)
    return out


def _some_rows(weights: MLPWeights, spec: MLPSpec, x: FloatArray, sharing: Sharing) -> FloatArray:
    """The feed-forward of some rows; neurons are shared, each share from x to what it adds."""
    n, d_model = len(x), len(weights.down.weight)
    shares = sharing.shares(weights.down.weight.shape[1], n, 2 * d_model)
    parts = np.empty((len(shares), d_model, n), np.float32).swapaxes(1, 2)

    def share(number: int) -> None:
        hidden = _neurons(weights, spec, x, shares[number])
        weights.down.inputs(shares[number]).fill(hidden, parts[number])

    sharing.each(share, range(len(shares)))
    found: FloatArray = sum(parts[1:], parts[0])
    return found


def _neurons(weights: MLPWeights, spec: MLPSpec, x: FloatArray, share: slice) -> FloatArray:
    """act(W₁x + b₁), gated where it is, of some neurons, as (row, neuron)."""
    hidden = states(len(x), share.stop - share.start)
    weights.up.outputs(share).fill(x, hidden)  # the gate, where gated
    if spec.limit:
        np.minimum(hidden, np.float32(spec.limit), out=hidden)
    weights.activation(hidden)
    if spec.gated:
        first = weights.down.weight.shape[1]
        up = weights.up.outputs(slice(first + share.start, first + share.stop))(x)
        if spec.limit:
            up = np.clip(up, np.float32(-spec.limit), np.float32(spec.limit)) + np.float32(1)
        hidden *= up
    return hidden
