"""Softmax and norms: small functions, in place where it pays."""

from __future__ import annotations

import math
import threading
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from attnviz.core.spec import NormSpec

__all__ = [
    "FloatArray",
    "normalise",
    "plain_softmax_",
    "room",
    "softcap_",
    "softmax_",
    "states",
]

FloatArray = npt.NDArray[np.float32]

KEPT = 1 << 23
"""Bytes that a thread keeps for each use at most."""

PLAIN = 1e-20
"""Rows whose exponentials sum to less might have lost digits."""

_rooms = threading.local()


def states(n: int, width: int) -> FloatArray:
    """Room for states (token, feature), where the tokens of each feature lie side by side.

    BLAS multiplies such states with weights (out, in) faster than any other layout, and a share
    of the features is one piece of memory.
    """
    return np.empty((width, n), np.float32).T


def room(use: str, *shape: int) -> FloatArray:
    """An array with anything in it, good until this thread asks for this use's room again.

    What is written over and over stays in the cache, where fresh memory is not.
    """
    size = math.prod(shape)
    if 4 * size > KEPT:
        return np.empty(shape, np.float32)
    block: FloatArray | None = getattr(_rooms, use, None)
    if block is None or len(block) < size:
        block = np.empty(size, np.float32)
        setattr(_rooms, use, block)
    return block[:size].reshape(shape)


def softmax_(scores: FloatArray) -> FloatArray:
    """Turn scores (…, query, key) into weights in place; each row sums to 1.

    Rows are shifted by their maximum first, so no finite score overflows. A row that is -inf
    throughout (a query that may see nothing) becomes zeros, not NaN.
    """
    top = scores.max(axis=-1, keepdims=True, initial=np.finfo(np.float32).min)
    np.subtract(scores, top, out=scores)
    np.exp(scores, out=scores)
    total = _row_sums(scores)
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    scores *= np.reciprocal(total, out=total)
    return scores


def plain_softmax_(scores: FloatArray) -> bool:
    """The same without the shift, which most scores do not need; False where these did.

    Then what they were is lost.
    """
    with np.errstate(over="ignore"):
        np.exp(scores, out=scores)
        total = _row_sums(scores)
    if not (total.min(initial=1) >= PLAIN and total.max(initial=1) < np.inf):
        return False
    scores *= np.reciprocal(total, out=total)
    return True


def _row_sums(x: FloatArray) -> FloatArray:
    """Sums (…, 1) over the last axis, by BLAS too."""
    return (x @ _alike(x.shape[-1], 1.0))[..., None]


@lru_cache(maxsize=64)
def _alike(n: int, value: float) -> FloatArray:
    """The same number n times."""
    found = np.full(n, value, np.float32)
    found.flags.writeable = False
    return found


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
    size = 1 / x.shape[-1]
    if spec.kind == "layer":
        mean = x @ _alike(x.shape[-1], size)  # BLAS sums faster than NumPy
        x = out = np.subtract(x, mean[..., None], out=out)
    square = np.einsum("...i,...i->...", x, x)[..., None]
    square *= np.float32(size)
    square += np.float32(spec.eps)
    np.sqrt(square, out=square)
    np.reciprocal(square, out=square)
    out = np.multiply(x, square, out=out)
    if weight is not None:
        out *= weight + np.float32(spec.shift) if spec.shift else weight
    if bias is not None:
        out += bias
    return out
