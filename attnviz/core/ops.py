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
    "normalise",
    "plain_softmax_",
    "room",
    "rooms",
    "softcap_",
    "softmax_",
    "states",
]

FloatArray = npt.NDArray[np.float32]

KEPT = 1 << 23
"""Bytes of room that are kept for each use at most."""

PLAIN = 1e-20
"""Rows whose exponentials sum to less might have lost digits."""


def states(n: int, width: int) -> FloatArray:
    """Room for states (token, feature), where the tokens of each feature lie side by side.

    BLAS multiplies such states with weights (out, in) faster than any other layout, and a share
    of the features is one piece of memory.
    """
    return np.empty((width, n), np.float32).T


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
            block = np.empty(size, np.float32)
            if block.nbytes <= KEPT:
                self._blocks[use] = block
        return block[:size].reshape(shape)


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
