"""The activations of MLPs: small functions, in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.threads import even

Activation = Callable[[FloatArray], FloatArray]
CACHED = 1 << 17  # numbers at a time, so that they stay in a cache: 0.97 of a pass of 1,700 tokens

_NORMAL = (3.61123131e-09, -2.66892755e-07, 7.938218e-06, -1.10480301e-04, -6.62600214e-05,
           7.26685673e-02, 1.59576809)  # fmt: skip
"""The normal distribution function is Φ(x) = σ(x p(x²)) for a smooth p.

This is the polynomial of its degree with the least largest error of x Φ(x), rounded so that the
error in float32 is small too: exact to float32, in a fraction of the time of erf.
"""

_TANH = (2 * 0.044715 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi))


def _denominator(x: FloatArray, series: Sequence[float]) -> FloatArray:
    """1 + exp(-x p(x²)), or 1/σ(x p(x²)); p has these coefficients, highest power first."""
    first, *others = (np.float32(-coefficient) for coefficient in series)
    with np.errstate(over="ignore"):  # e^∞ is ∞, and 1 / ∞ is 0
        square = np.multiply(x, x) if others else x
        total = square * first
        for number, coefficient in enumerate(others, 1):
            total += coefficient
            total *= square if number < len(others) else x
        np.exp(total, out=total)
    total += np.float32(1)
    return total


def _gated(x: FloatArray, series: Sequence[float]) -> FloatArray:
    """x σ(x p(x²)), into x (…, feature), some features at a time."""
    for some in even(x.shape[-1], 1 + x.size // CACHED):
        np.divide(x[..., some], _denominator(x[..., some], series), out=x[..., some])
    return x


def prelu_(x: FloatArray, weight: FloatArray) -> FloatArray:
    """max(x, 0) + weight min(x, 0) (He et al. 2015)."""
    return np.multiply(x, weight, out=x, where=x < 0)


def xielu_(
    x: FloatArray, alpha_p: FloatArray, alpha_n: FloatArray, beta: FloatArray, eps: FloatArray
) -> FloatArray:
    """α₊ x² + β x above 0, and α₋ (e^min(x, ε) - 1 - x) + β x below (Huang & Schlag 2024)."""
    zero = np.float32(0)
    above = np.logaddexp(zero, alpha_p) * x * x
    below = (np.expm1(np.minimum(x, eps)) - x) * (beta + np.logaddexp(zero, alpha_n))
    chosen = np.where(x > 0, above, below)
    x *= beta
    x += chosen
    return x


ACTIVATIONS: dict[str, Activation] = {
    **dict.fromkeys(("gelu", "gelu_python"), lambda x: _gated(x, _NORMAL)),  # x Φ(x)
    "gelu_10": lambda x: np.clip(_gated(x, _NORMAL), np.float32(-10), np.float32(10), out=x),
    **dict.fromkeys(  # x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
        ("gelu_accurate", "gelu_fast", "gelu_new", "gelu_python_tanh", "gelu_pytorch_tanh"),
        lambda x: _gated(x, _TANH),
    ),
    "hardswish": lambda x: np.multiply(  # Howard et al. 2019
        x, np.clip(x + np.float32(3), np.float32(0), np.float32(6)) * np.float32(1 / 6), out=x
    ),
    "laplace": lambda x: np.reciprocal(  # the distribution of mean 0.707107, deviation 0.282095
        _denominator((x - np.float32(0.707107)) * np.float32(1 / 0.282095), _NORMAL), out=x
    ),
    "leaky_relu": lambda x: np.maximum(x, x * np.float32(0.01), out=x),
    "linear": lambda x: x,
    "mish": lambda x: np.multiply(x, np.tanh(np.logaddexp(np.float32(0), x)), out=x),  # Misra 2019
    "quick_gelu": lambda x: _gated(x, (1.702,)),
    "relu": lambda x: np.maximum(x, np.float32(0), out=x),
    "relu2": lambda x: np.square(np.maximum(x, np.float32(0), out=x), out=x),  # So et al. 2021
    "relu6": lambda x: np.clip(x, np.float32(0), np.float32(6), out=x),
    "sigmoid": lambda x: np.reciprocal(_denominator(x, (1.0,)), out=x),
    **dict.fromkeys(("silu", "swish"), lambda x: _gated(x, (1.0,))),  # x σ(x)
    "sqrtsoftplus": lambda x: np.sqrt(np.logaddexp(np.float32(0), x, out=x), out=x),
    "tanh": lambda x: np.tanh(x, out=x),
}
"""By the names that transformers gives them; both gelu are Hendrycks & Gimpel's (2016)."""
