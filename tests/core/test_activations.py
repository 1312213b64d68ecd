"""Activations against their formulas in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from attnviz.core.activations import ACTIVATIONS, prelu_, xielu_
from tests.core.test_functional import quiet

Formula = Callable[[float], float]


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
    assert np.abs(apply(name, x) - expected).max() <= 3e-7


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
    assert prelu_(np.float32([2, -2]), np.float32([0.25])).tolist() == [2, -0.5]


@pytest.mark.parametrize("x", [-30.0, -1.5, -1e-7, 0.0, 0.5, 4.0])
def test_xielu_is_its_formula(x: float) -> None:
    """α₊ x² + β x above 0, α₋ (eˣ - 1 - x) + β x below, with α₋ at least β."""
    raw_p, raw_n, beta, eps = 0.3, -0.4, 0.5, -1e-6
    below = (math.expm1(min(x, eps)) - x) * (beta + softplus(raw_n)) + beta * x
    expected = softplus(raw_p) * x * x + beta * x if x > 0 else below
    parameters = [np.float32([value]) for value in (raw_p, raw_n, beta, eps)]
    np.testing.assert_allclose(
        xielu_(np.float32([x]), *parameters), [expected], rtol=1e-5, atol=1e-7
    )
