"""Arrays in the layout that BLAS likes, and buffers that are written over again and again."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "IntArray", "Scratch", "buffer", "empty", "scratch", "states"]

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

LINE = 16  # numbers in a cache line
KEPT = 1 << 23  # bytes of a buffer that is kept at most


def empty(*shape: int) -> FloatArray:
    """np.empty(shape), but from a cache line on; passes take up to twice as long elsewhere."""
    size = math.prod(shape)
    block = np.empty(size + LINE, np.float32)
    start = -(block.__array_interface__["data"][0] // block.itemsize) % LINE
    return block[start : start + size].reshape(shape)


def states(n: int, width: int) -> FloatArray:
    """An empty array (token, feature) in which the tokens of each feature lie side by side.

    BLAS multiplies such states with weights (out, in) faster than any other layout, and a share
    of the features is one piece of memory.
    """
    return empty(width, n).T


class Scratch:
    """Buffers by use; what is written over stays in the cache, where fresh memory is not."""

    def __init__(self) -> None:
        self._blocks: dict[str, FloatArray] = {}

    def buffer(self, use: str, *shape: int) -> FloatArray:
        """An array with anything in it, good until this use's buffer is asked for again."""
        size = math.prod(shape)
        block = self._blocks.get(use)
        if block is None or len(block) < size:
            block = empty(size)
            if block.nbytes <= KEPT:
                self._blocks[use] = block
        return block[:size].reshape(shape)

    def states(self, use: str, n: int, width: int) -> FloatArray:
        """The same in the layout of states (token, feature)."""
        return self.buffer(use, width, n).T


class _Local(threading.local):
    def __init__(self) -> None:
        self.scratch = Scratch()
        self.spare: list[Scratch] = []


_local = _Local()


def buffer(use: str, *shape: int) -> FloatArray:
    """A buffer of this thread alone, for what it needs no more when it calls anybody else."""
    return _local.scratch.buffer(use, *shape)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Buffers of one run; a run within a run has others, and the thread's next has the same.

    After an error they are not used again, because another thread might still write there.
    """
    found, done = _local.spare.pop() if _local.spare else Scratch(), False
    try:
        yield found
        done = True
    finally:
        if done:
            _local.spare[:] = [found]
        else:
            _local.scratch = Scratch()
