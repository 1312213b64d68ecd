"""Softmax and norms against their formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.core.functional import softcap_, softmax_, unshifted_softmax_
from attnviz.core.spec import NormSpec
from attnviz.core.weights import NormWeights

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
moderate = st.floats(-50, 50, width=32)


def quiet() -> np.errstate:
    """Without warnings of overflow, as every run is."""
    return np.errstate(over="ignore")


def vectors(elements: st.SearchStrategy[float], least: int = 1) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, st.integers(least, 20), elements=elements)


# Softmax


def test_softmax_of_logarithms_is_their_share() -> None:
    scores = np.log(np.float32([[1, 2, 3], [4, 4, 8]]))
    expected = [[1 / 6, 2 / 6, 3 / 6], [1 / 4, 1 / 4, 1 / 2]]
    np.testing.assert_allclose(softmax_(scores), expected, atol=1e-7)


def test_softmax_works_in_place() -> None:
    scores = np.zeros((2, 4), np.float32)
    assert softmax_(scores) is scores
    assert (scores == 0.25).all()


@given(vectors(finite))
def test_softmax_of_any_finite_scores_sums_to_one(scores: np.ndarray) -> None:
    with quiet():
        weights = softmax_(scores[None].copy())[0]
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    assert (weights >= 0).all()
    assert weights[scores.argmax()] == weights.max()


@given(vectors(moderate), moderate)
def test_a_shift_of_all_scores_changes_no_weight(scores: np.ndarray, shift: float) -> None:
    shifted = softmax_((scores + np.float32(shift))[None])
    np.testing.assert_allclose(shifted, softmax_(scores[None].copy()), atol=1e-5)


@given(vectors(moderate))
def test_softmax_is_the_formula(scores: np.ndarray) -> None:
    powers = np.exp(np.float64(scores))
    np.testing.assert_allclose(softmax_(scores[None])[0], powers / powers.sum(), atol=1e-6)


def test_minus_infinity_gets_no_weight_and_a_row_of_it_becomes_zeros() -> None:
    scores = np.float32([[0, -np.inf, 0], [-np.inf] * 3])
    assert softmax_(scores).tolist() == [[0.5, 0, 0.5], [0, 0, 0]]


@given(vectors(moderate))
def test_moderate_scores_need_no_shift(scores: np.ndarray) -> None:
    shifted = softmax_(scores[None].copy())
    plain = scores[None].copy()
    if scores.max() > -40:
        assert unshifted_softmax_(plain)
        np.testing.assert_allclose(plain, shifted, atol=1e-6)


@pytest.mark.parametrize(
    "row",
    [[89.0, 0.0], [88.5, 88.5], [-50.0, -60.0], [-np.inf, -np.inf], [np.nan, 0.0], [np.inf, 1.0]],
)
def test_scores_that_need_a_shift_are_noticed(row: list[float]) -> None:
    assert not unshifted_softmax_(np.float32([[1.0, 2.0], row]))


def test_softmax_of_no_keys_is_no_weights() -> None:
    assert softmax_(np.empty((2, 3, 0), np.float32)).shape == (2, 3, 0)


@given(vectors(finite), st.floats(0.01, 1000))
def test_a_soft_cap_bounds_scores_and_leaves_small_ones(scores: np.ndarray, cap: float) -> None:
    with quiet():
        found = softcap_(scores.copy(), cap)
    assert (np.abs(found) <= np.float32(cap) * 1.000001).all()
    expected = cap * np.tanh(np.float64(scores) / cap)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-30)


# Norms


def normalise(
    x: np.ndarray,
    spec: NormSpec,
    weight: np.ndarray | None,
    bias: np.ndarray | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    return NormWeights(spec, weight, bias)(x, out)


NORMS = {"layer": NormSpec("layer", 1e-5), "rms": NormSpec("rms", 1e-6)}


def test_layer_norm_by_hand() -> None:
    """(1, 3) has mean 2 and deviation 1: (-1, 1), times (2, 3), plus (10, 20)."""
    found = normalise(
        np.float32([[1, 3]]), NormSpec("layer", 0.0), np.float32([2, 3]), np.float32([10, 20])
    )
    assert found.tolist() == [[8, 23]]


def test_rms_norm_by_hand() -> None:
    """(1, 7) has the root mean square 5: (0.2, 1.4), times (5, 10)."""
    found = normalise(np.float32([[1, 7]]), NormSpec("rms", 0.0), np.float32([5, 10]))
    np.testing.assert_allclose(found, [[1, 14]], rtol=1e-6)


def test_epsilon_is_added_to_the_mean_square() -> None:
    """(3, 3): √(9 + 16) = 5; a layer norm of equal numbers is 0."""
    found = normalise(np.float32([[3, 3]]), NormSpec("rms", 16.0), None)
    np.testing.assert_allclose(found, [[0.6, 0.6]], rtol=1e-6)
    assert normalise(np.float32([[3, 3]]), NormSpec("layer", 16.0), None).tolist() == [[0, 0]]


@given(arrays(np.float32, (3, 8), elements=moderate), st.sampled_from(sorted(NORMS)))
def test_norms_are_their_formulas_row_by_row(x: np.ndarray, kind: str) -> None:
    weight, bias = np.linspace(0.5, 2, 8, dtype=np.float32), np.linspace(-1, 1, 8, dtype=np.float32)
    spec, wide = NORMS[kind], np.float64(x)
    if kind == "layer":
        wide = wide - wide.mean(axis=1, keepdims=True)
    root = np.sqrt((wide**2).mean(axis=1, keepdims=True) + spec.eps)
    expected = wide / root * weight + bias
    found = normalise(x, spec, weight, bias)
    rounding = 2.0**-21 * np.abs(x).max(axis=1, keepdims=True) / root * weight  # of the mean
    assert (np.abs(found - expected) <= np.minimum(rounding + 1e-6, 2e-3)).all()


@pytest.mark.parametrize("kind", NORMS)
def test_a_norm_may_write_over_its_input_and_else_leaves_it(kind: str) -> None:
    x = np.float32(np.random.RandomState(0).normal(size=(4, 8)))
    before, weight = x.copy(), np.ones(8, np.float32)
    found = normalise(x, NORMS[kind], weight)
    np.testing.assert_array_equal(x, before)
    assert normalise(x, NORMS[kind], weight, out=x) is x
    np.testing.assert_array_equal(x, found)


LAYOUTS = {
    "row by row": lambda x: x.copy(),
    "feature by feature": lambda x: np.asfortranarray(x),
    "every other row": lambda x: np.repeat(np.asfortranarray(x), 2, axis=0)[::2],
    "two heads": lambda x: x.reshape(6, 2, 4),
    "two heads, feature by feature": lambda x: np.asfortranarray(x).reshape(6, 2, 4, order="A"),
}


@pytest.mark.parametrize("kind", NORMS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_numbers_lie_in_memory_changes_no_norm(kind: str, layout: str) -> None:
    random = np.random.RandomState(0)
    x = LAYOUTS[layout](np.float32(random.normal(2, 3, size=(6, 8))))
    weight, bias = np.float32(random.normal(size=(2, x.shape[-1])))
    row = [normalise(each[None], NORMS[kind], weight, bias)[0] for each in x.reshape(-1, len(bias))]
    found = normalise(x, NORMS[kind], weight, bias)
    assert found.shape == x.shape
    np.testing.assert_allclose(found, np.reshape(row, x.shape), atol=1e-5)


@pytest.mark.parametrize("score", np.linspace(-9, 9, 40, dtype=np.float32))
@pytest.mark.parametrize("softmax", [softmax_, unshifted_softmax_])
def test_a_key_that_is_seen_alone_has_all_weight_to_the_last_bit(softmax, score) -> None:
    scores = np.full((1, 1, 7), -np.inf, np.float32)
    scores[..., 3] = score
    softmax(scores)
    assert scores[0, 0, 3] == 1


@pytest.mark.parametrize("n_keys", [1023, 1024, 3000])
def test_long_rows_are_divided_as_short_ones_are(n_keys: int) -> None:
    scores = np.random.default_rng(0).normal(0, 3, (2, 5, n_keys)).astype(np.float32)
    powers = np.exp(scores.astype(np.float64))
    assert unshifted_softmax_(scores)
    np.testing.assert_allclose(scores, powers / powers.sum(axis=-1, keepdims=True), rtol=3e-6)
