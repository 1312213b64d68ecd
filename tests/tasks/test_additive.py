"""Additive attention: its formula, its gradients, and what holds whatever the vectors are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.runs import softmax_of_runs, starts_of, sum_of_runs, take_runs

LENGTHS = np.array([3, 1, 4])


def drawn(seed: int = 0, d_model: int = 5, d_attention: int = 4) -> AdditiveAttention:
    rng = np.random.default_rng(seed)
    shapes = (d_model, d_attention), (d_attention,), (d_attention,)
    return AdditiveAttention(*(rng.normal(size=shape) for shape in shapes))


def vectors(n: int = 8, d_model: int = 5, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d_model))


def test_a_score_is_the_query_times_the_tanh_of_the_projection() -> None:
    attention = AdditiveAttention(np.array([[1.0], [0.0]]), np.array([0.0]), np.array([2.0]))
    x = np.array([[np.arctanh(0.5), 9.0], [0.0, -9.0]])
    np.testing.assert_allclose(attention.scores(x), [1.0, 0.0])
    attended = attention.attend(x, np.array([2]))
    e = np.exp(1)
    np.testing.assert_allclose(attended.weights, [e / (e + 1), 1 / (e + 1)])
    np.testing.assert_allclose(attended.pooled[0], attended.weights @ x)


def test_runs_do_not_see_each_other() -> None:
    attention, x = drawn(), vectors()
    together = attention.attend(x, LENGTHS)
    for run, start in enumerate(starts_of(LENGTHS)):
        rows = slice(start, start + LENGTHS[run])
        alone = attention.attend(x[rows], LENGTHS[run : run + 1])
        np.testing.assert_allclose(together.weights[rows], alone.weights)
        np.testing.assert_allclose(together.pooled[run], alone.pooled[0])


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=8, max_size=8))
def test_weights_sum_to_one_in_each_run_and_no_score_overflows(scores: list[float]) -> None:
    weights = softmax_of_runs(np.array(scores, np.float32), LENGTHS)
    assert (weights >= 0).all()
    np.testing.assert_allclose(sum_of_runs(weights, LENGTHS), 1, rtol=1e-5)


def test_the_order_of_vectors_does_not_matter() -> None:
    attention, x = drawn(), vectors()
    order = np.random.default_rng(2).permutation(len(x))
    n = np.array([len(x)])
    np.testing.assert_allclose(
        attention.attend(x[order], n).pooled, attention.attend(x, n).pooled, atol=1e-12
    )


def test_chosen_runs_keep_their_rows() -> None:
    np.testing.assert_array_equal(take_runs(np.array([2, 0]), LENGTHS), [4, 5, 6, 7, 0, 1, 2])


def test_unscaled_attention_takes_vectors_as_they_are() -> None:
    attention, x = drawn(), vectors()
    mean, scale = x.mean(axis=0), x.std(axis=0)
    np.testing.assert_allclose(
        attention.unscaled(mean, scale).scores(x), attention.scores((x - mean) / scale)
    )


@pytest.mark.parametrize("name", ["projection", "bias", "query"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    attention, x = drawn(), vectors()
    by_pooled = vectors(3, seed=4)

    def loss(arrays: dict[str, np.ndarray]) -> float:
        return float((AdditiveAttention(**arrays).attend(x, LENGTHS).pooled * by_pooled).sum())

    found = attention.pooling_gradients(x, attention.attend(x, LENGTHS), by_pooled, LENGTHS)[name]
    np.testing.assert_allclose(found, differences(loss, attention.arrays(), name), atol=1e-6)


def differences(loss, arrays: dict[str, np.ndarray], name: str, step: float = 1e-5) -> np.ndarray:
    """The gradient of a loss by one of its arrays, number by number."""
    found = np.zeros_like(arrays[name])
    for at in np.ndindex(found.shape):
        sides = []
        for sign in (1, -1):
            moved = {key: array.copy() for key, array in arrays.items()}
            moved[name][at] += sign * step
            sides.append(loss(moved))
        found[at] = (sides[0] - sides[1]) / (2 * step)
    return found
