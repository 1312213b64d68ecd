"""Many sequences in one array: rows of one after the other, and where each of them starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnviz.result import FloatArray

IntArray = npt.NDArray[np.int64]


def starts_of(lengths: IntArray) -> IntArray:
    """Where each run starts, int64 (run,); every run has at least one row."""
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def run_ids(lengths: IntArray) -> IntArray:
    """The run of each row, int64 (row,)."""
    return np.repeat(np.arange(len(lengths)), lengths)


def sum_of_runs(rows: FloatArray, lengths: IntArray) -> FloatArray:
    """The sum of each run's rows (run, …)."""
    summed: FloatArray = np.add.reduceat(rows, starts_of(lengths), axis=0)
    return summed


def softmax_of_runs(scores: FloatArray, lengths: IntArray) -> FloatArray:
    """Scores (row,) as weights; those of each run sum to 1, and no finite score overflows."""
    starts, of = starts_of(lengths), run_ids(lengths)
    powers = np.exp(scores - np.maximum.reduceat(scores, starts)[of])
    return np.divide(powers, np.add.reduceat(powers, starts)[of], dtype=scores.dtype)


def take_runs(chosen: IntArray, lengths: IntArray) -> IntArray:
    """The rows of the chosen runs, in the order of ``chosen``: int64 (row,)."""
    taken = lengths[chosen]
    ahead = starts_of(lengths)[chosen] - starts_of(taken)
    rows: IntArray = np.arange(int(taken.sum())) + np.repeat(ahead, taken)
    return rows
