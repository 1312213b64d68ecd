"""What cells show: of many weights in one place the strongest, of a masked one nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from attnviz.result import FloatArray

Cells = TypeVar("Cells", FloatArray, npt.NDArray[np.uint8])


def blocks(size: int, pixels: int) -> Sequence[int]:
    """Where each of so many blocks of ``size`` weights begins, as even as can be."""
    return [pixel * size // pixels for pixel in range(pixels)]


def pool(weights: FloatArray, rows: Sequence[int], columns: Sequence[int]) -> FloatArray:
    """Weights (…, query, key) with one for each block that begins at these rows and columns.

    It is the one furthest from zero, so that no strong weight is lost; of two that are as far, the
    one above zero.
    """
    if not weights.size or weights.shape[-2:] == (len(rows), len(columns)):
        return weights
    highest = _each(np.maximum, weights, rows, columns)
    if weights.min() >= 0:
        return highest
    lowest = _each(np.minimum, weights, rows, columns)
    return np.where(highest >= -lowest, highest, lowest)


def resample(weights: FloatArray, rows: int, columns: int) -> FloatArray:
    """Weights (…, query, key) as so many pixels: pooled where they are fewer, else repeated."""
    queries, keys = weights.shape[-2:]
    small = pool(weights, blocks(queries, min(rows, queries)), blocks(keys, min(columns, keys)))
    return stretch(small, rows, columns)


def stretch(cells: Cells, rows: int, columns: int) -> Cells:
    """Cells (…, query, key), weights or what stands for them, repeated to so many pixels."""
    for axis, pixels in (-2, rows), (-1, columns):
        if pixels > cells.shape[axis]:
            cells = np.take(cells, blocks(cells.shape[axis], pixels), axis=axis)
    return cells


def masked(weights: FloatArray, kind: str, *, same: bool) -> npt.NDArray[np.bool_]:
    """Where (query, key) a causal mask forbids weights (…, query, key) of a map of this kind.

    That is no weight of 0: nothing could be there. ``same`` says that the two axes are the same
    units; else nobody knows what comes after what.
    """
    queries, keys = weights.shape[-2:]
    if kind != "decoder" or not same:
        return np.zeros((queries, keys), np.bool_)
    later = np.triu(np.ones((queries, keys), np.bool_), 1)
    return later & ~weights.any(axis=tuple(range(weights.ndim - 2)))


def _each(
    ufunc: np.ufunc, weights: FloatArray, rows: Sequence[int], columns: Sequence[int]
) -> FloatArray:
    down: FloatArray = ufunc.reduceat(weights, rows, axis=-2)
    across: FloatArray = ufunc.reduceat(down, columns, axis=-1)
    return across
