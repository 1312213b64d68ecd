"""Mixtures of experts, latent attention and sinks, on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.core.activations import ACTIVATIONS
from attnviz.core.feed_forward import feed_forward, mlp, route
from attnviz.core.functional import softmax_, unshifted_softmax_
from attnviz.core.spec import Experts, MLPSpec
from attnviz.core.threads import ALONE
from attnviz.core.weights import ExpertsWeights, LayerWeights, Linear, MLPWeights

LOGITS = np.float32([[3, 1, 2, 0], [0, 1, 0, 5]])
IDENTITY = Linear(np.eye(4, dtype=np.float32), None)


def read(number: int) -> MLPWeights:
    """An expert that multiplies by its number, and one more."""
    grown = Linear(np.float32(number + 1) * np.eye(4, dtype=np.float32), None)
    return MLPWeights(IDENTITY, grown, ACTIVATIONS["linear"])


def routed(spec: Experts, **weights: object) -> tuple[list, np.ndarray]:
    made = ExpertsWeights(IDENTITY, read, **weights)  # type: ignore[arg-type]
    chosen, gates = route(made, spec, LOGITS)
    return chosen.tolist(), gates


def test_the_best_experts_are_chosen_and_their_scores_sum_to_one() -> None:
    chosen, gates = routed(Experts(4, 2))
    assert chosen == [[0, 2], [3, 1]]
    np.testing.assert_allclose(gates.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(gates[0], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))], rtol=1e-6)


def test_scores_may_stay_as_they_are_and_be_scaled() -> None:
    _, gates = routed(Experts(4, 2, normed=False, scale=2.0))
    whole = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gates, 2 * np.take_along_axis(whole, np.array([[0, 2], [3, 1]]), 1),
                               rtol=1e-6)  # fmt: skip


def test_sigmoids_are_scores_of_their_own() -> None:
    _, gates = routed(Experts(4, 1, score="sigmoid", normed=False))
    np.testing.assert_allclose(gates[:, 0], 1 / (1 + np.exp([-3, -5])), rtol=1e-6)


def test_a_correction_changes_the_choice_and_not_the_gate() -> None:
    correction = np.float32([0, 9, 0, 0])
    chosen, gates = routed(
        Experts(4, 1, score="sigmoid", normed=False, correction=True), correction=correction
    )
    assert chosen == [[1], [1]]
    np.testing.assert_allclose(gates, 1 / (1 + np.exp(-1)), rtol=1e-6)


@pytest.mark.parametrize(("best", "first"), [(1, [0, 1]), (2, [0, 1])])
def test_only_the_best_groups_are_chosen_from(best: int, first: list[int]) -> None:
    chosen, _ = routed(Experts(4, 2, groups=(2, 1, best)))
    assert chosen[0] == first  # 2 is better than 1, but its group has 0 beside it
    assert sorted(chosen[1]) == [2, 3]


def test_what_comes_out_is_the_gated_sum_and_nothing_else_is_read() -> None:
    asked: list[int] = []

    def counted(number: int) -> MLPWeights:
        asked.append(number)
        return read(number)

    spec = MLPSpec(4, "linear", experts=Experts(4, 2))
    weights = LayerWeights(None, None, {}, experts=ExpertsWeights(IDENTITY, counted))  # type: ignore[arg-type]
    x = LOGITS[:1]
    found = mlp(weights, spec, x, ALONE)
    assert asked == [0, 2]
    gate = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(found, (gate * 1 + (1 - gate) * 3) * x, rtol=1e-6)


def test_a_shared_expert_is_added_and_gated() -> None:
    gate = Linear(np.zeros((1, 4), np.float32), None)  # sigmoid(0) = 1/2
    experts = ExpertsWeights(IDENTITY, read, shared_gate=gate)
    spec = MLPSpec(4, "linear", experts=Experts(4, 1, d_shared=4, shared_gate=True))
    weights = LayerWeights(None, read(5), {}, experts=experts)  # type: ignore[arg-type]
    found = mlp(weights, spec, LOGITS[:1], ALONE)
    np.testing.assert_allclose(found, (6 / 2 + 1) * LOGITS[:1], rtol=1e-6)


def test_a_limit_holds_gate_and_up_and_adds_one() -> None:
    both = Linear(np.float32([[2], [5]]), None)  # the gate, and up below it
    weights = MLPWeights(both, Linear(np.float32([[1]]), None), ACTIVATIONS["linear"])
    spec = MLPSpec(1, "linear", gated=True, limit=3.0)
    found = feed_forward(weights, spec, np.float32([[1], [-2], [9]]), ALONE)
    assert found[:, 0].tolist() == [2 * 4, -4 * (-3 + 1), 3 * 4]


@pytest.mark.parametrize("shift", [0, 300])
def test_a_sink_takes_its_share_of_every_row(shift: float) -> None:
    scores = np.full((2, 1, 3), np.float32(shift))
    sinks = np.float32([shift, shift + np.log(5)]).reshape(2, 1, 1)
    found = softmax_(scores.copy(), sinks)
    np.testing.assert_allclose(found[:, 0], [[1 / 4] * 3, [1 / 8] * 3], rtol=1e-4)
    if not shift:
        assert unshifted_softmax_(scores, sinks)
        np.testing.assert_allclose(scores, found, rtol=1e-6)
