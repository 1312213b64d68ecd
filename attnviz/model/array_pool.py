"""Memory that dead results leave to those to come: fresh memory costs more than filling it."""

from __future__ import annotations

import math
import weakref
from collections import deque

import numpy as np
import numpy.typing as npt

from attnviz.core.buffers import FloatArray

WORTH = 1 << 20
"""Bytes from which on fresh memory costs anything to speak of."""

MOST = 1 << 27
"""Bytes of a block that is kept at most."""

BLOCKS = 3
"""How many blocks are kept: the maps of one result."""


class ArrayPool:
    """Gives arrays whose memory comes back when nobody holds them, or a view of them, any more."""

    def __init__(self) -> None:
        self._blocks: deque[npt.NDArray[np.float32]] = deque(maxlen=BLOCKS)

    def __len__(self) -> int:
        """How many blocks wait for an array."""
        return len(self._blocks)

    def empty(self, shape: tuple[int, ...]) -> FloatArray:
        """An array of this shape with anything in it."""
        size = math.prod(shape)
        if not WORTH <= 4 * size <= MOST:
            return np.empty(shape, np.float32)
        block = self._take(size)
        # Every view of ``whole`` keeps it alive, because its own base is no array.
        whole = np.frombuffer(block.data, np.float32, size)
        weakref.finalize(whole, self._blocks.append, block).atexit = False
        return whole.reshape(shape)

    def _take(self, size: int) -> npt.NDArray[np.float32]:
        """A block that fits without much waste, kept or new."""
        for _ in range(BLOCKS):
            try:
                block = self._blocks.popleft()
            except IndexError:  # none left, or another thread was faster
                break
            if size <= len(block) <= 2 * size:
                return block
            self._blocks.append(block)
        return np.empty(size, np.float32)
