"""Softmax, norms and activations against their formulas in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.core.ops import (
    ACTIVATIONS,
    activation,
    normalise,
    plain_softmax_,
    softcap_,
    softmax_,
)
from attnviz.core.spec import NormSpec

Formula = Callable[[float], float]

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
        assert plain_softmax_(plain)
        np.testing.assert_allclose(plain, shifted, atol=1e-6)


@pytest.mark.parametrize(
    "row",
    [[89.0, 0.0], [88.5, 88.5], [-50.0, -60.0], [-np.inf, -np.inf], [np.nan, 0.0], [np.inf, 1.0]],
)
def test_scores_that_need_a_shift_are_noticed(row: list[float]) -> None:
    assert not plain_softmax_(np.float32([[1.0, 2.0], row]))


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


def test_a_shift_is_added_to_the_stored_weight() -> None:
    found = normalise(np.float32([[1, 7]]), NormSpec("rms", 0.0, shift=1.0), np.float32([4, 9]))
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
    expected = wide / np.sqrt((wide**2).mean(axis=1, keepdims=True) + spec.eps) * weight + bias
    found = normalise(x, spec, weight, bias)
    np.testing.assert_allclose(found, expected, atol=2e-3 if kind == "layer" else 1e-5)


@pytest.mark.parametrize("kind", NORMS)
def test_a_norm_may_write_over_its_input_and_else_leaves_it(kind: str) -> None:
    x = np.float32(np.random.RandomState(0).normal(size=(4, 8)))
    before, weight = x.copy(), np.ones(8, np.float32)
    found = normalise(x, NORMS[kind], weight)
    np.testing.assert_array_equal(x, before)
    assert normalise(x, NORMS[kind], weight, out=x) is x
    np.testing.assert_array_equal(x, found)


# Activations


def normal(x: float) -> float:
    """The normal distribution function."""
    return math.erfc(-x / math.sqrt(2)) / 2


def tanh_gelu(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > 0 else 1 - 1 / (1 + math.exp(x))


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


FORMULAS: dict[str, Formula] = {
    "gelu": lambda x: x * normal(x),
    "gelu_10": lambda x: min(max(x * normal(x), -10), 10),
    "gelu_accurate": tanh_gelu,
    "gelu_fast": tanh_gelu,
    "gelu_new": tanh_gelu,
    "gelu_python": lambda x: x * normal(x),
    "gelu_python_tanh": tanh_gelu,
    "gelu_pytorch_tanh": tanh_gelu,
    "hardswish": lambda x: x * min(max(x + 3, 0), 6) / 6,
    "laplace": lambda x: normal((x - 0.707107) / 0.282095),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "linear": lambda x: x,
    "mish": lambda x: x * math.tanh(softplus(x)),
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "relu": lambda x: max(x, 0.0),
    "relu2": lambda x: max(x, 0.0) ** 2,
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "sqrtsoftplus": lambda x: math.sqrt(softplus(x)),
    "swish": lambda x: x * sigmoid(x),
    "tanh": math.tanh,
}


def test_every_activation_is_held_to_a_formula() -> None:
    assert set(ACTIVATIONS) == set(FORMULAS)


def apply(name: str, x: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[name](x.copy())


@pytest.mark.parametrize("name", FORMULAS)
def test_activations_are_their_formulas(name: str) -> None:
    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    expected = np.array([FORMULAS[name](value) for value in x.tolist()])
    error = np.abs(apply(name, x) - expected)
    assert (error <= 1e-6 + 4e-7 * np.abs(expected)).all(), error.max()


@pytest.mark.parametrize("name", ["gelu", "laplace"])
def test_the_polynomial_of_the_error_function_is_as_good_as_float32(name: str) -> None:
    x = np.linspace(-6, 3, 9001, dtype=np.float32)
    expected = np.array([FORMULAS[name](value) for value in x.tolist()])
    error = np.abs(apply(name, x) - expected) / np.maximum(1, np.abs(x))
    assert error.max() <= 2e-7


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("size", [1e-38, 1e-10, 90.0, 1e4, 1e12])
def test_activations_of_huge_and_tiny_numbers_are_right_without_a_warning(
    name: str, size: float
) -> None:
    x = np.float32([size, -size, 0.0])
    expected = [FORMULAS[name](value) for value in x.tolist()]
    np.testing.assert_allclose(apply(name, x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in FORMULAS if name != "relu2"])
def test_activations_of_the_largest_numbers_are_right(name: str) -> None:
    x = np.float32([3e38, -3e38])
    expected = [FORMULAS[name](value) for value in x.tolist()]
    with quiet():
        np.testing.assert_allclose(apply(name, x), expected, rtol=1e-5)


@pytest.mark.parametrize("name", FORMULAS)
def test_activations_change_their_input_in_place_or_leave_it_whole(name: str) -> None:
    x = np.float32([[0.5, -1.5], [2.0, -0.25]])
    found = ACTIVATIONS[name](x)
    assert found is x
    assert found.dtype == np.float32


def test_prelu_has_a_trained_slope_below_zero() -> None:
    act = activation("prelu", [np.float32([0.25])])
    assert act(np.float32([2, -2])).tolist() == [2, -0.5]


@pytest.mark.parametrize("x", [-30.0, -1.5, -1e-7, 0.0, 0.5, 4.0])
def test_xielu_is_its_formula(x: float) -> None:
    """α₊ x² + β x above 0, α₋ (eˣ - 1 - x) + β x below, with α₋ at least β."""
    raw_p, raw_n, beta, eps = 0.3, -0.4, 0.5, -1e-6
    below = (math.expm1(min(x, eps)) - x) * (beta + softplus(raw_n)) + beta * x
    expected = softplus(raw_p) * x * x + beta * x if x > 0 else below
    act = activation("xielu", [np.float32([value]) for value in (raw_p, raw_n, beta, eps)])
    np.testing.assert_allclose(act(np.float32([x])), [expected], rtol=1e-5, atol=1e-7)


def test_an_activation_without_parameters_is_found_by_its_name() -> None:
    assert activation("gelu") is ACTIVATIONS["gelu"]
