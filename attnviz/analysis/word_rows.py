"""Rows of tokens turned into rows of words as they come by, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.result import FloatArray

IntArray = npt.NDArray[np.intp]

HEIGHT = 64
"""Rows at a time at most."""

TOGETHER = 1 << 19
"""Weights of them, which stay in a cache while they are gone through: 0.95 at 32,768 tokens."""

LONG_WORD = 16
"""Pieces of a word from which on reduceat, else slower, is the faster sum."""


class _Columns(NamedTuple):
    """Where words of several tokens have their first tokens, second ones …, longest words first.

    ``which`` are the columns that words are, of tokens and, behind these, of those words' sums.
    """

    pieces: list[IntArray]
    which: IntArray


class WordRows:
    """Merges rows as ``merge_words`` does: sums over a word's keys, means over its queries.

    ``runs`` are the tokens of each unit, in their order.
    """

    def __init__(self, runs: Sequence[Sequence[int]]) -> None:
        self._starts = np.asarray([run[0] for run in runs], np.intp)
        self._sizes = np.asarray([len(run) for run in runs], np.intp)
        self._ends = self._starts + self._sizes
        self._begun: dict[int, FloatArray] = {}  # by head, the sum of a word that goes on
        self._columns = lru_cache(maxsize=4)(self._make_columns)  # the same for every head

    def rows(
        self, head: int, weights: FloatArray, start: int, *, causal: bool
    ) -> Iterator[tuple[int, FloatArray]]:
        """The rows (unit, unit) that end in rows (token, token) from ``start`` on.

        They come a few at a time, HEIGHT at most, with the number of the first. Where attention is
        ``causal`` keys are left out behind the last unit that has one of these queries.
        """
        if causal:
            weights = weights[:, : self._ends[np.searchsorted(self._ends, start + len(weights))]]
        height = max(1, min(HEIGHT, TOGETHER // max(1, weights.shape[1])))
        for at in range(0, len(weights), height):
            some = weights[at : at + height]
            if self._sizes.max(initial=1) > 1:
                first, some = self._merged(head, some, start + at)
            else:
                first = start + at
            if len(some):
                yield first, some

    def _merged(self, head: int, weights: FloatArray, start: int) -> tuple[int, FloatArray]:
        stop = start + len(weights)
        of = np.searchsorted(self._starts, np.arange(start, stop), side="right") - 1
        first, last = int(of[0]), int(of[-1])
        sums = _over_queries(weights, of - first)
        if (begun := self._begun.pop(head, None)) is not None:
            sums[0, : len(begun)] += begun
        if self._ends[last] > stop:
            self._begun[head] = sums[-1].copy()
            sums = sums[:-1]
        sums = self._over_keys(sums)
        sizes = self._sizes[first : first + len(sums)]
        several = np.flatnonzero(sizes > 1)
        sums[several] /= sizes[several, None].astype(np.float32)
        return first, sums

    def _over_keys(self, weights: FloatArray) -> FloatArray:
        """Sums of columns (row, token) that are the same word: (row, unit)."""
        columns = self._columns(weights.shape[1])
        if not columns.pieces:
            return weights
        if len(columns.pieces) > LONG_WORD:
            return np.add.reduceat(weights, columns.which, axis=1)
        first, *others = columns.pieces
        sums = _take(weights, first)
        for piece in others:
            sums[:, : len(piece)] += _take(weights, piece)
        return _take(np.concatenate([weights, sums], axis=1), columns.which)

    def _make_columns(self, width: int) -> _Columns:
        starts = self._starts[: np.searchsorted(self._starts, width)]
        sizes = self._sizes[: len(starts)]
        several = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes > 1)]
        begins, sizes = starts[several], sizes[several]
        pieces = [begins[sizes > piece] + piece for piece in range(sizes.max(initial=0))]
        if len(pieces) > LONG_WORD:
            return _Columns(pieces, starts)
        which = starts.copy()
        which[several] = width + np.arange(len(several))
        return _Columns(pieces, which)


def _over_queries(weights: FloatArray, of: IntArray) -> FloatArray:
    """Sums of rows (row, key) that are ``of`` the same word (row,)."""
    counts = np.bincount(of)
    begins = np.cumsum(counts) - counts
    sums: FloatArray = weights[begins]
    for piece in range(1, int(counts.max())):
        words = np.flatnonzero(counts > piece)
        sums[words] += weights[begins[words] + piece]
    return sums


def _take(weights: FloatArray, columns: IntArray) -> FloatArray:
    """weights[:, columns] in a quarter of the time."""
    found: FloatArray = np.take(weights, columns, axis=1, mode="wrap")
    return found
