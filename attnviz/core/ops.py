"""Softmax and norms: small functions, in place where it pays."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from attnviz.core.spec import NormSpec

__all__ = [
    "FloatArray",
    "Rooms",
    "empty",
    "normalise",
    "plain_softmax_",
    "room",
    "rooms",
    "softcap_",
    "softmax_",
    "states",
]

FloatArray = npt.NDArray[np.float32]

LINE = 16
"""Numbers in a cache line."""

KEPT = 1 << 23
"""Bytes of room that are kept for each use at most."""

PLAIN = 1e-20
"""Rows whose exponentials sum to less might have lost digits."""


def empty(*shape: int) -> FloatArray:
    """Room that begins with a cache line; NumPy's passes take up to twice as long anywhere else."""
    size = math.prod(shape)
    block = np.empty(size + LINE, np.float32)
    start = -(block.__array_interface__["data"][0] // block.itemsize) % LINE
    return block[start : start + size].reshape(shape)


def states(n: int, width: int) -> FloatArray:
    """Room for states (token, feature), where the tokens of each feature lie side by side.

    BLAS multiplies such states with weights (out, in) faster than any other layout, and a share
    of the features is one piece of memory.
    """
    return empty(width, n).T


class Rooms:
    """Arrays to write over again and again, one for each use.

    What is written over stays in the cache, where fresh memory is not.
    """

    def __init__(self) -> None:
        self._blocks: dict[str, FloatArray] = {}

    def room(self, use: str, *shape: int) -> FloatArray:
        """An array with anything in it, good until this use's room is asked for again."""
        size = math.prod(shape)
        block = self._blocks.get(use)
        if block is None or len(block) < size:
            block = empty(size)
            if block.nbytes <= KEPT:
                self._blocks[use] = block
        return block[:size].reshape(shape)

    def states(self, use: str, n: int, width: int) -> FloatArray:
        """The same, laid out like states (token, feature)."""
        return self.room(use, width, n).T


class _Local(threading.local):
    def __init__(self) -> None:
        self.rooms = Rooms()
        self.spare: list[Rooms] = []


_local = _Local()


def room(use: str, *shape: int) -> FloatArray:
    """Room for what this thread makes and gives up again before it calls anybody else."""
    return _local.rooms.room(use, *shape)


@contextmanager
def rooms() -> Iterator[Rooms]:
    """Rooms for one run; a run within a run has others, and the next one has the same.

    After an error nothing is used again, because another thread might still write there.
    """
    found = _local.spare.pop() if _local.spare else Rooms()
    try:
        yield found
    except BaseException:
        _local.rooms = Rooms()
        raise
    _local.spare[:] = [found]


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
    if spec.kind == "layer":
        mean = x @ _alike(x.shape[-1], 1 / x.shape[-1])  # BLAS sums faster than NumPy
        x = out = np.subtract(x, mean[..., None], out=out)
    scale = _mean_square(x)
    scale += np.float32(spec.eps)
    np.reciprocal(scale, out=scale)
    np.sqrt(scale, out=scale)  # after the reciprocal, whose error it halves
    if weight is not None and spec.shift:
        weight = weight + np.float32(spec.shift)
    if weight is not None and x.ndim == 2:
        out = np.multiply(x, _products(scale, weight, x), out=out)
    else:
        out = np.multiply(x, scale[..., None], out=out)
        if weight is not None:
            out *= weight
    if bias is not None:
        out += bias
    return out


def _mean_square(x: FloatArray) -> FloatArray:
    """Over the last axis of x (…, d)."""
    if x.ndim == 2:
        found: FloatArray = np.multiply(x, x, out=_beside(x)) @ _alike(x.shape[1], 1.0)
    else:
        found = np.einsum("...i,...i->...", x, x)
    found *= np.float32(1 / x.shape[-1])
    return found


def _products(rows: FloatArray, columns: FloatArray, like: FloatArray) -> FloatArray:
    """Every row (n,) times every column (d,), by BLAS, which is faster than to go over rows.

    NumPy asks BLAS only for sums of two products or more, so that there is a second one: 0 · 0.
    """
    n, d = like.shape
    sides = room("sides", 2, n + d)
    sides[0, :n], sides[0, n:], sides[1] = rows, columns, 0
    return np.matmul(sides[:, :n].T, sides[:, n:], out=_beside(like))


def _beside(x: FloatArray) -> FloatArray:
    """Room laid out like x (n, d)."""
    n, d = x.shape
    return room("beside", n, d) if x.strides[0] > x.strides[1] else room("beside", d, n).T
