"""What a token meets in the feed-forward block: its neurons, or the experts that it is sent to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.recorded import RecordedHead
from attnviz.brief import brief
from attnviz.core.feed_forward import route

Float64Array = npt.NDArray[np.float64]


class Chosen(NamedTuple):
    """The experts that a token goes through (top,), and the gates that weigh what they give."""

    experts: npt.NDArray[np.int64]
    gates: Float64Array

    def __repr__(self) -> str:
        return brief(self)


def feed_forward_neurons(recorded: RecordedHead) -> Float64Array | None:
    """act(W₁x + b₁), gated where it is (d_ff,), of the token (Vaswani et al. 2017, eq. 2).

    None where there are experts, each of which has neurons of its own.
    """
    given, weights, spec = (
        recorded.states.get("mlp_input"),
        recorded.weights.mlp,
        recorded.layer.mlp,
    )
    if given is None or weights is None or spec.experts:
        return None
    both = weights.up(given[recorded.query : recorded.query + 1])
    found = np.ascontiguousarray(both[:, : spec.d_ff])
    weights.activation(found)
    if spec.gated:
        found *= both[:, spec.d_ff :]
    return np.asarray(found[0], np.float64)


def chosen_experts(recorded: RecordedHead) -> Chosen | None:
    """The experts that the token goes through, and their gates (Shazeer et al. 2017, eq. 1)."""
    given, mixture, spec = (
        recorded.states.get("mlp_input"),
        recorded.weights.experts,
        recorded.layer.mlp.experts,
    )
    if given is None or mixture is None or spec is None:
        return None
    chosen, gates = route(mixture, spec, given[recorded.query : recorded.query + 1])
    return Chosen(chosen[0].astype(np.int64), gates[0].astype(np.float64))
