"""softmax(qKᵀ/√d + bias + mask) V for one query of one head, every number on the way (float64)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.mlp import Chosen, chosen_experts, feed_forward_neurons
from attnviz.analysis.explain.project import Float64Array, Projected, project
from attnviz.analysis.explain.recorded import RecordedHead
from attnviz.brief import brief, word
from attnviz.core.attention import mask_
from attnviz.core.score_bias import score_bias
from attnviz.core.spec import AttentionSpec, Disentangled
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure

    from attnviz.analysis.labels import Label


SAFE = 80.0
"""Scores up to which exponentials are as they are; beyond it all are shifted by the largest."""


@dataclass(frozen=True, slots=True, eq=False)
class Softmax:
    """exp(score - shift) of each key, their sum, and the weights: each by the sum (key,).

    ``sink`` is the exponential of the head's sink, which is in the sum, or None.
    """

    exponentials: Float64Array
    shift: float
    total: float
    weights: Float64Array
    sink: float | None = None

    __repr__ = brief


@dataclass(frozen=True, slots=True, eq=False)
class Explanation(ShownAsPage):
    """One attention weight from beginning to end; every step follows from the one before.

    ``x`` (d_model,) is what the query is made of, ``memory`` (key, d_model) what keys and values
    are. ``products`` (key, d_head) are qᵢ·kᵢ, ``dots`` (key,) their sums, ``scaled`` the dots times
    ``scale``; ``biases`` (key,) are what positions add, by name; ``capped`` is the sum behind the
    soft cap, where there is one; ``scores`` are -inf where a key is not ``visible``. ``context``
    (d_head,) is Σ weight · v, and ``contributions`` (key, d_model) what each key adds to the
    sublayer's output through the output projection (Kobayashi et al. 2020, eq. 5). ``concat``
    (n_heads · d_head,) are all heads side by side, ``neurons`` (d_ff,) what the feed-forward block
    has inside or, where the token goes through ``experts`` instead, which, and their gates.
    ``before`` are the weights (key,) of the model as it is, where a knob was turned, and ``knobs``
    which. ``labels`` are what the head was found to do.
    """

    recorded: RecordedHead
    x: Float64Array
    memory: Float64Array
    query: Projected
    keys: Projected
    values: Projected
    products: Float64Array
    dots: Float64Array
    scale: float
    scaled: Float64Array
    biases: Mapping[str, Float64Array]
    capped: Float64Array | None
    visible: npt.NDArray[np.bool_]
    scores: Float64Array
    softmax: Softmax
    context: Float64Array
    output_weight: Float64Array
    contributions: Float64Array
    concat: Float64Array
    neurons: Float64Array | None
    experts: Chosen | None = None
    before: Float64Array | None = None
    knobs: tuple[str, ...] = ()
    labels: Sequence[Label] = ()

    def __repr__(self) -> str:
        seen, key = self.recorded, self.recorded.keys[self.strongest]
        query, weight = seen.tokens[seen.query], self.weights[self.strongest]
        return (
            f"<Explanation of {word(query.text)} in head {seen.head}: "
            f"{word(key.text)} {weight:.2f} of {len(seen.keys)} keys>"
        )

    @property
    def weights(self) -> Float64Array:
        """The attention weights (key,)."""
        return self.softmax.weights

    @property
    def strongest(self) -> int:
        """The key with the largest weight."""
        return int(self.weights.argmax())

    @property
    def unscaled(self) -> Float64Array | None:
        """The weights (key,) that unscaled scores would give.

        None where they are not scaled, or positions are scaled with them.
        """
        spec = self.recorded.spec
        if self.scale == 1 or (self.biases and isinstance(spec.bias, Disentangled)):
            return None
        summed = self.dots + sum(self.biases.values())
        if spec.softcap is not None:
            summed = spec.softcap * np.tanh(summed / spec.softcap)
        return softmax(np.where(self.visible, summed, -np.inf)).weights

    def figure(self, **style: Any) -> Figure:
        """The walk as a matplotlib Figure, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or every number (.json)."""
        display().save(self, path, **style)

    def state(self, name: str) -> Float64Array | None:
        """The token's hidden state (d_model,) of that name, if the layer has it."""
        states = self.recorded.states.get(name)
        return None if states is None else np.asarray(states[self.recorded.query], np.float64)


def explain(
    recorded: RecordedHead, *, before: RecordedHead | None = None, knobs: tuple[str, ...] = ()
) -> Explanation:
    """Compute every step for the query of a recorded head.

    ``before`` is the same head as the model has it, where ``knobs`` were turned.
    """
    spec, at = recorded.spec, recorded.query
    x = np.asarray(recorded.states[f"{recorded.sublayer}_input"], np.float64)
    memory = x if recorded.memory is None else np.asarray(recorded.memory, np.float64)
    n_keys = len(memory)
    query = project(recorded, x[at : at + 1], 0, slice(at, at + 1))
    keys, values = (project(recorded, memory, side, slice(0, n_keys)) for side in (1, 2))
    products = query.vectors * keys.vectors
    dots = products.sum(axis=1)
    scaled = dots * spec.scale
    biases = position_scores(recorded)
    summed = scaled + sum(biases.values())
    capped = None if spec.softcap is None else spec.softcap * np.tanh(summed / spec.softcap)
    visible = visible_keys(spec, at, n_keys) & ~recorded.masked
    scores = np.where(visible, summed if capped is None else capped, -np.inf)
    sinks, width = recorded.projections.sinks, spec.value_width
    found = softmax(scores, None if sinks is None else float(sinks[recorded.head.head, 0, 0]))
    output = np.asarray(recorded.projections.output.weight, np.float64)
    mine = slice(recorded.head.head * width, (recorded.head.head + 1) * width)
    context = found.weights @ values.vectors
    concat = np.asarray(recorded.contexts, np.float64).reshape(-1)
    concat[mine] = context
    return Explanation(
        recorded=recorded,
        x=x[at],
        memory=memory,
        query=query,
        keys=keys,
        values=values,
        products=products,
        dots=dots,
        scale=spec.scale,
        scaled=scaled,
        biases=biases,
        capped=capped,
        visible=visible,
        scores=scores,
        softmax=found,
        context=context,
        output_weight=output[:, mine],
        contributions=(found.weights[:, None] * values.vectors) @ output[:, mine].T,
        concat=concat,
        neurons=feed_forward_neurons(recorded),
        experts=chosen_experts(recorded),
        before=None if before is None else explain(before).weights,
        knobs=knobs,
    )


def softmax(scores: Float64Array, sink: float | None = None) -> Softmax:
    """exp(score) / Σ exp(score) of finite scores and -inf, (key,), a sink's among the sum."""
    finite = [*scores[np.isfinite(scores)], *([] if sink is None else [sink])]
    top = float(max(finite)) if finite else 0.0
    shift = top if abs(top) > SAFE else 0.0
    exponentials = np.exp(scores - shift)
    lost = None if sink is None else float(np.exp(sink - shift))
    total = float(exponentials.sum()) + (lost or 0.0)
    weights = exponentials / total if total else np.zeros_like(scores)
    return Softmax(exponentials, shift, total, weights, lost)


def visible_keys(spec: AttentionSpec, query: int, n_keys: int) -> npt.NDArray[np.bool_]:
    """Which keys the query may see: not those hidden by a causal mask or a window."""
    row = np.zeros((1, 1, n_keys), np.float32)
    visible: npt.NDArray[np.bool_] = np.isfinite(
        mask_(row, spec, slice(query, query + 1), slice(0, n_keys))[0, 0]
    )
    return visible


def position_scores(recorded: RecordedHead) -> dict[str, Float64Array]:
    """What positions add to the query's scores (key,), by name."""
    bias = recorded.spec.bias
    if recorded.kind == "cross" or bias is None:
        return {}
    if not isinstance(bias, Disentangled):
        return {type(bias).__name__.lower(): _added(recorded, recorded.spec)}
    parts = {"c2p": replace(bias, p2c=False), "p2c": replace(bias, c2p=False)}
    return {
        name: _added(recorded, replace(recorded.spec, bias=part))
        for name, part in parts.items()
        if getattr(bias, name)
    }


def _added(recorded: RecordedHead, spec: AttentionSpec) -> Float64Array:
    """What the score bias of a spec adds to the query's row (key,)."""
    heads, at, head = recorded.heads, recorded.query, recorded.head.head
    n_keys = heads.keys.shape[1]
    found = score_bias(spec, recorded.projections, heads.queries, heads.keys, recorded.table)
    row = np.zeros((1, 1, n_keys), np.float32)
    if found is not None:
        found.add(row, slice(head, head + 1), slice(at, at + 1), slice(0, n_keys))
    return np.asarray(row[0, 0], np.float64)
