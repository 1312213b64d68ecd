"""Softmax, soft cap, layer norm and RMS norm: small functions, in place where it pays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from attnviz.core.buffers import FloatArray

ENOUGH = 1e-20  # rows whose exponentials sum to less might have lost digits
LONG = 1024  # keys of a row from which on its product with a reciprocal is faster than its division


def softmax_(scores: FloatArray, sinks: FloatArray | None = None) -> FloatArray:
    """Turn scores (…, query, key) into weights in place; each row sums to 1.

    Rows are shifted by their maximum first, so no finite score overflows. A row that is -inf
    throughout (a query that may see nothing) becomes zeros, not NaN. ``sinks`` (…, 1, 1) are
    scores of no key, whose share is lost.
    """
    top = scores.max(axis=-1, keepdims=True, initial=np.finfo(np.float32).min)
    top = top if sinks is None else np.maximum(top, sinks)
    np.subtract(scores, top, out=scores)
    np.exp(scores, out=scores)
    total = _row_sums(scores)
    total += 0 if sinks is None else np.exp(sinks - top)
    np.maximum(total, np.finfo(np.float32).tiny, out=total)
    scores /= total
    return scores


def unshifted_softmax_(scores: FloatArray, sinks: FloatArray | None = None) -> bool:
    """softmax_ without the shift, which most scores do not need; False where these did.

    Then what they were is lost. 0.58 of softmax_'s time at 128 keys.
    """
    with np.errstate(over="ignore"):
        np.exp(scores, out=scores)
        total = _row_sums(scores)
        total += 0 if sinks is None else np.exp(sinks)
    if not (total.min(initial=1) >= ENOUGH and total.max(initial=1) < np.inf):
        return False
    if scores.shape[-1] < LONG:
        scores /= total  # a key that is seen alone has 1
    else:
        scores *= 1 / total
    return True


def softcap_(scores: FloatArray, cap: float) -> FloatArray:
    """Squash scores into (-cap, cap) in place (Gemma Team 2024, sec. 2)."""
    scores *= np.float32(1 / cap)
    np.tanh(scores, out=scores)
    scores *= np.float32(cap)
    return scores


def layer_norm(x: FloatArray, eps: float, out: FloatArray | None = None) -> FloatArray:
    """(x - mean) / √(variance + ε) over the last axis (Ba et al. 2016, eq. 4)."""
    mean = x @ _filled(x.shape[-1], 1 / x.shape[-1])  # x.mean(axis=-1); a quarter of the time
    centred = np.subtract(x, mean[..., None], out=out)
    return rms_norm(centred, eps, out=centred)


def rms_norm(x: FloatArray, eps: float, out: FloatArray | None = None) -> FloatArray:
    """x / √(mean(x²) + ε) over the last axis (Zhang & Sennrich 2019, eq. 4)."""
    scale = np.einsum("...i,...i->...", x, x)
    scale *= np.float32(1 / x.shape[-1])
    scale += np.float32(eps)
    np.reciprocal(scale, out=scale)
    np.sqrt(scale, out=scale)  # after the reciprocal, whose error it halves
    found: FloatArray = np.multiply(x, scale[..., None], out=out)
    return found


def _row_sums(x: FloatArray) -> FloatArray:
    """x.sum(axis=-1, keepdims=True), by BLAS in a quarter of the time."""
    return (x @ _filled(x.shape[-1], 1.0))[..., None]


@lru_cache(maxsize=64)
def _filled(n: int, value: float) -> FloatArray:
    """The same number n times."""
    found = np.full(n, value, np.float32)
    found.flags.writeable = False
    return found
