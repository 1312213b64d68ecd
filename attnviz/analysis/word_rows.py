"""Rows of tokens turned into rows of words as they come by, a few at a time."""

from __future__ import annotations

import threading
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
    n_several: int


class WordRows:
    """Merges rows as ``merge_words`` does: sums over a word's keys, means over its queries.

    ``runs`` are the tokens of each unit, in their order.
    """

    def __init__(self, runs: Sequence[Sequence[int]]) -> None:
        self._starts = np.asarray([run[0] for run in runs], np.intp)
        self._sizes = np.asarray([len(run) for run in runs], np.intp)
        self._ends = self._starts + self._sizes
        self._begun: dict[int, FloatArray] = {}  # by head, the sum of a word that goes on
        self._rooms = threading.local()
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
        stop, width = start + len(weights), weights.shape[1]
        of = np.searchsorted(self._starts, np.arange(start, stop), side="right") - 1
        first, last = int(of[0]), int(of[-1])
        columns = self._columns(width)
        sums = self._room("sums", last + 1 - first, width + columns.n_several)
        _over_queries(weights, of - first, sums[:, :width])
        if (begun := self._begun.pop(head, None)) is not None:
            sums[0, : len(begun)] += begun
        if self._ends[last] > stop:
            self._begun[head] = sums[-1, :width].copy()
            sums = sums[:-1]
        rows = self._over_keys(sums, columns)
        for row, size in enumerate(self._sizes[first : first + len(rows)].tolist()):
            if size > 1:
                rows[row] *= np.float32(1 / size)
        return first, rows

    def _over_keys(self, sums: FloatArray, columns: _Columns) -> FloatArray:
        """Sums of columns (row, token) that are the same word: (row, unit).

        Behind the tokens there is room for the sums of words that have several.
        """
        width = sums.shape[1] - columns.n_several
        if not columns.pieces:
            return sums
        if len(columns.pieces) > LONG_WORD:
            return np.add.reduceat(sums, columns.which, axis=1)
        for number, piece in enumerate(columns.pieces):
            found = self._take(sums, piece, "piece")
            several = sums[:, width : width + len(piece)]
            np.add(several, found, out=several) if number else np.copyto(several, found)
        return self._take(sums, columns.which, "rows")

    def _take(self, weights: FloatArray, columns: IntArray, name: str) -> FloatArray:
        """weights[:, columns] in a quarter of the time."""
        room = self._room(name, len(weights), len(columns))
        found: FloatArray = np.take(weights, columns, axis=1, mode="wrap", out=room)
        return found

    def _room(self, name: str, height: int, width: int) -> FloatArray:
        """An array of a thread's own, for a while: a new one each time takes 0.2 longer."""
        kept: dict[str, FloatArray] = self._rooms.__dict__
        if name not in kept or kept[name].size < height * width:
            kept[name] = np.empty(height * width, np.float32)
        return kept[name][: height * width].reshape(height, width)

    def _make_columns(self, width: int) -> _Columns:
        starts = self._starts[: np.searchsorted(self._starts, width)]
        sizes = self._sizes[: len(starts)]
        several = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes > 1)]
        begins, sizes = starts[several], sizes[several]
        pieces = [begins[sizes > piece] + piece for piece in range(sizes.max(initial=0))]
        if len(pieces) > LONG_WORD:
            return _Columns(pieces, starts, 0)
        which = starts.copy()
        which[several] = width + np.arange(len(several))
        return _Columns(pieces, which, len(several))


def _over_queries(weights: FloatArray, of: IntArray, out: FloatArray) -> None:
    """Sums of rows (row, key) that are ``of`` the same word (row,), into ``out`` (word, key)."""
    begins = np.diff(of, prepend=-1).astype(np.bool_)
    for row, word, new in zip(weights, of.tolist(), begins.tolist(), strict=True):
        if new:
            out[word] = row
        else:
            out[word] += row
