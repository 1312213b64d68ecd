"""Softmax, norms and activations: small pure functions, in place where it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from attnviz.core.spec import NormSpec

__all__ = [
    "ACTIVATIONS",
    "TRAINED",
    "Activation",
    "FloatArray",
    "activation",
    "normalise",
    "softcap_",
    "softmax_",
]

FloatArray = npt.NDArray[np.float32]
Activation = Callable[[FloatArray], FloatArray]


def softmax_(scores: FloatArray, *, small: bool = False) -> FloatArray:
    """Turn scores (…, query, key) into weights in place; each row sums to 1.

    Rows are shifted by their maximum first, so no finite score overflows; scores known to be
    ``small``, within ±60, need no shift. A row that is -inf throughout (a query that may see
    nothing) becomes zeros, not NaN.
    """
    if not small:
        top = scores.max(axis=-1, keepdims=True, initial=np.finfo(np.float32).min)
        np.subtract(scores, top, out=scores)
    np.exp(scores, out=scores)
    total = (scores @ np.ones(scores.shape[-1], np.float32))[..., None]  # BLAS sums faster
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    np.reciprocal(total, out=total)
    scores *= total
    return scores


def softcap_(scores: FloatArray, cap: float) -> FloatArray:
    """Squash scores into (-cap, cap) in place (Gemma Team 2024, sec. 2)."""
    scores *= np.float32(1 / cap)
    np.tanh(scores, out=scores)
    scores *= np.float32(cap)
    return scores


def normalise(
    x: FloatArray,
    spec: NormSpec,
    weight: FloatArray | None,
    bias: FloatArray | None = None,
    out: FloatArray | None = None,
) -> FloatArray:
    """Normalise the last axis of x (…, d); ``out`` may be x itself."""
    if spec.kind == "layer":
        out = np.subtract(x, x.mean(axis=-1, keepdims=True), out=out)
        x = out
    size = np.float32(1 / x.shape[-1])
    square = np.einsum("...i,...i->...", x, x)[..., None]
    square *= size
    square += np.float32(spec.eps)
    np.sqrt(square, out=square)
    np.reciprocal(square, out=square)
    out = np.multiply(x, square, out=out)
    if weight is not None:
        out *= weight + np.float32(spec.shift) if spec.shift else weight
    if bias is not None:
        out += bias
    return out


# gelu(x) = x/2 (1 + erf(x/√2)), and erf(x/√2) = tanh(x r(x²)) for a smooth r. These are the
# coefficients of the degree-6 polynomial that minimises the largest error of gelu, 7e-8.
_ERF_SERIES = (
    1.813924109e-09,
    -1.337830584e-07,
    3.974068495e-06,
    -5.527337025e-05,
    -3.302675602e-05,
    3.633414919e-02,
    7.978842684e-01,
)
_ERF_LIMIT = np.float32(5.6**2)
_TANH_SERIES = (0.044715 * math.sqrt(2 / math.pi), math.sqrt(2 / math.pi))


def _odd_tanh(x: FloatArray, series: tuple[float, ...], limit: np.float32 | None) -> FloatArray:
    """tanh(x p(x²)) for the polynomial p with these coefficients, highest power first."""
    square = np.multiply(x, x)
    if limit is not None:
        np.minimum(square, limit, out=square)
    total = np.multiply(square, np.float32(series[0]))
    for coefficient in series[1:-1]:
        total += np.float32(coefficient)
        total *= square
    total += np.float32(series[-1])
    total *= x
    return np.tanh(total, out=total)


def _half_one_plus(x: FloatArray, gate: FloatArray) -> FloatArray:
    """x (1 + gate) / 2, into x."""
    gate += np.float32(1)
    gate *= np.float32(0.5)
    x *= gate
    return x


def gelu_(x: FloatArray) -> FloatArray:
    """x Φ(x), with the exact normal distribution function (Hendrycks & Gimpel 2016)."""
    return _half_one_plus(x, _odd_tanh(x, _ERF_SERIES, _ERF_LIMIT))


def gelu_tanh_(x: FloatArray) -> FloatArray:
    """The tanh approximation of gelu (Hendrycks & Gimpel 2016, sec. 2)."""
    return _half_one_plus(x, _odd_tanh(x, _TANH_SERIES, None))


def gelu_10_(x: FloatArray) -> FloatArray:
    """gelu, clipped to ±10."""
    return np.clip(gelu_(x), np.float32(-10), np.float32(10), out=x)


def _logistic(x: FloatArray, slope: float = 1.0) -> FloatArray:
    """σ(slope x), right in relative terms too where it is small, as a new array."""
    with np.errstate(over="ignore"):  # e^∞ is ∞, and 1 / ∞ is 0
        gate = np.multiply(x, np.float32(-slope))
        np.exp(gate, out=gate)
    gate += np.float32(1)
    return np.reciprocal(gate, out=gate)


def quick_gelu_(x: FloatArray) -> FloatArray:
    """x σ(1.702 x)."""
    x *= _logistic(x, 1.702)
    return x


def silu_(x: FloatArray) -> FloatArray:
    """x σ(x), also known as swish."""
    x *= _logistic(x)
    return x


def sigmoid_(x: FloatArray) -> FloatArray:
    """1 / (1 + e⁻ˣ)."""
    x[...] = _logistic(x)
    return x


def relu_(x: FloatArray) -> FloatArray:
    """max(x, 0)."""
    return np.maximum(x, np.float32(0), out=x)


def relu_squared_(x: FloatArray) -> FloatArray:
    """max(x, 0)² (So et al. 2021)."""
    relu_(x)
    return np.multiply(x, x, out=x)


def relu6_(x: FloatArray) -> FloatArray:
    """min(max(x, 0), 6)."""
    return np.clip(x, np.float32(0), np.float32(6), out=x)


def leaky_relu_(x: FloatArray) -> FloatArray:
    """max(x, x / 100)."""
    np.maximum(x, x * np.float32(0.01), out=x)
    return x


def hard_swish_(x: FloatArray) -> FloatArray:
    """x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019)."""
    gate = relu6_(np.add(x, np.float32(3)))
    gate *= np.float32(1 / 6)
    x *= gate
    return x


def mish_(x: FloatArray) -> FloatArray:
    """x tanh(log(1 + eˣ)) (Misra 2019)."""
    x *= np.tanh(np.logaddexp(np.float32(0), x))
    return x


def sqrt_softplus_(x: FloatArray) -> FloatArray:
    """√log(1 + eˣ)."""
    np.logaddexp(np.float32(0), x, out=x)
    np.sqrt(x, out=x)
    return x


def laplace_(x: FloatArray) -> FloatArray:
    """The normal distribution function with mean 0.707107 and deviation 0.282095 (MEGA, 2022)."""
    x -= np.float32(0.707107)
    x *= np.float32(1 / 0.282095)
    gate = _odd_tanh(x, _ERF_SERIES, _ERF_LIMIT)
    gate += np.float32(1)
    np.multiply(gate, np.float32(0.5), out=x)
    return x


def tanh_(x: FloatArray) -> FloatArray:
    """The hyperbolic tangent."""
    return np.tanh(x, out=x)


def linear_(x: FloatArray) -> FloatArray:
    """x itself."""
    return x


def prelu_(x: FloatArray, weight: FloatArray) -> FloatArray:
    """max(x, 0) + weight min(x, 0) (He et al. 2015)."""
    np.multiply(x, weight, out=x, where=x < 0)
    return x


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


TRAINED: dict[str, tuple[str, ...]] = {
    "prelu": ("weight",),
    "xielu": ("alpha_p", "alpha_n", "beta", "eps"),
}
"""Activations that have parameters, one number each."""

_WITH_PARAMETERS: dict[str, Callable[..., FloatArray]] = {"prelu": prelu_, "xielu": xielu_}


def activation(name: str, parameters: Sequence[FloatArray] = ()) -> Activation:
    """The activation of that name, with its parameters where it is trained."""
    if not parameters:
        return ACTIVATIONS[name]
    return lambda x: _WITH_PARAMETERS[name](x, *parameters)


ACTIVATIONS: dict[str, Activation] = {
    "gelu": gelu_,
    "gelu_10": gelu_10_,
    "gelu_accurate": gelu_tanh_,
    "gelu_fast": gelu_tanh_,
    "gelu_new": gelu_tanh_,
    "gelu_python": gelu_,
    "gelu_python_tanh": gelu_tanh_,
    "gelu_pytorch_tanh": gelu_tanh_,
    "hardswish": hard_swish_,
    "laplace": laplace_,
    "leaky_relu": leaky_relu_,
    "linear": linear_,
    "mish": mish_,
    "quick_gelu": quick_gelu_,
    "relu": relu_,
    "relu2": relu_squared_,
    "relu6": relu6_,
    "sigmoid": sigmoid_,
    "silu": silu_,
    "sqrtsoftplus": sqrt_softplus_,
    "swish": silu_,
    "tanh": tanh_,
}
