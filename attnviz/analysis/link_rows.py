"""Which pairs of units are links, and rows of weights with 0 where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from attnviz.analysis.specificity import usual_weight
from attnviz.analysis.word_rows import HEIGHT
from attnviz.analysis.words import is_word
from attnviz.brief import brief
from attnviz.result import FloatArray, Token

IntArray = npt.NDArray[np.intp]
Places = tuple[IntArray, IntArray]


@dataclass(frozen=True, slots=True, eq=False)
class UnitRows:
    """Rows of one head from ``start`` on: ``weights`` (row, key), 0 where there is no link.

    ``tops`` (row,) are the words that rows give most, themselves included, and ``most`` (row,) is
    what these get.
    """

    start: int
    weights: FloatArray
    tops: IntArray
    most: FloatArray

    __repr__ = brief


class Sums:
    """Sums over rows, by key (key,) and by distance (n + distance,), of n units."""

    def __init__(self, n: int) -> None:
        self.keys, self.lines = np.zeros(n, np.float32), np.zeros(2 * n, np.float32)

    def add(self, rows: UnitRows) -> None:
        """Count in some rows."""
        height, width = rows.weights.shape
        self.keys[:width] += np.ones(height, np.float32) @ rows.weights
        end = len(self.keys) + rows.start + height
        self.lines[end - height - width + 1 : end] += _along_lines(rows.weights)[::-1]


def _along_lines(weights: FloatArray) -> FloatArray:
    """Sums of rows (row, key) along their diagonals, from key - row = 1 - n_rows on."""
    side, ends = len(weights) - 1, weights.shape[1] - len(weights) + 1
    around = np.zeros((len(weights), side), np.float32)  # diagonals go on beside the first and last
    first = np.concatenate([around, weights[:, :side]], axis=1)
    last = np.concatenate([weights[:, ends:], around], axis=1)
    parts = (first, side), (weights, ends), (last, side)
    return np.concatenate([_diagonals(rows, n) for rows, n in parts])


def _diagonals(rows: FloatArray, n: int) -> FloatArray:
    """Sums along the first n diagonals of rows, each of which begins one further."""
    (across, along), height = rows.strides, len(rows)
    lines = as_strided(rows, (height, n), (across + along, along), writeable=False)
    found: FloatArray = np.ones(height, np.float32) @ lines
    return found


class LinkRows:
    """The links there can be between n units, as ``between_words`` says; they count n · n pairs.

    ``spans`` (unit, 2) are where the word of each unit begins and ends.
    """

    def __init__(self, units: Sequence[Token], spans: IntArray, *, causal: bool) -> None:
        self.n, self.near, self._causal, self._spans = len(units), False, causal, spans
        self.words = np.asarray([is_word(unit) for unit in units], np.bool_)
        self._first = int(self.words.argmax()) if self.n else 0
        self._mask = self.words.astype(np.float32)
        self._all_words = bool(self.words.all())
        self._near = dict[tuple[int, int], Places]()
        self._pairs = self._count_pairs()
        if not self._pairs.keys.any():
            self.near = True
            self._pairs = self._count_pairs()

    def rows(self, weights: FloatArray, start: int) -> UnitRows:
        """The rows (row, key) of one head, which are written over."""
        height, end = len(weights), start + len(weights) if self._causal else self.n
        found = weights[:, :end]
        if not self._all_words:
            found *= self._mask[:end]
        tops = found.argmax(axis=1)
        most = found[np.arange(height), tops]
        tops[most == 0] = self._first
        if (start, height) not in self._near:  # the same for every head
            self._near[start, height] = self._no_links(start, start + height, end)
        found[self._near[start, height]] = 0
        found[~self.words[start : start + height]] = 0
        return UnitRows(start, found, tops, most)

    def distances(self, rows: UnitRows) -> IntArray:
        """Of each row of a word, where the word that it gives most stands (n + distance)."""
        places = np.arange(rows.start, rows.start + len(rows.tops))
        theirs = self.words[places]
        found: IntArray = (self.n + places - rows.tops)[theirs]
        return found

    def over(self, rows: UnitRows, floor: float) -> tuple[IntArray, FloatArray]:
        """The links that weigh more than that: which pairs they are, and their weights."""
        some = np.flatnonzero(rows.most > floor)
        weights = rows.weights[some] if len(some) < len(rows.most) else rows.weights
        at, key = np.divmod(np.flatnonzero(weights > floor), max(weights.shape[1], 1))
        row = some[at]
        return (rows.start + row) * self.n + key, rows.weights[row, key]

    def particular(self, sums: Sums, pairs: IntArray, weights: FloatArray) -> FloatArray:
        """The part of links that ``specific_part`` finds, of a head that has these sums."""
        query, key = np.divmod(pairs, max(self.n, 1))
        line = self.n + query - key
        others = [np.maximum(counts - 1, 1) for counts in (self._pairs.keys, self._pairs.lines)]
        usual = usual_weight(
            weights, sums.keys[key], others[0][key], sums.lines[line], others[1][line]
        )
        beyond: FloatArray = np.maximum(weights - usual, 0)
        return beyond

    def _no_links(self, start: int, stop: int, end: int) -> Places:
        """Where (row, key) the key is in its query's word or, where these are none, beside it."""
        beside, at = 0 if self.near else 1, np.arange(start, stop)
        first = np.maximum(0, np.minimum(self._spans[start:stop, 0], at - beside))
        last = np.minimum(end, np.maximum(self._spans[start:stop, 1], at + beside + 1))
        width = last - first
        within = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
        return np.repeat(at - start, width), np.repeat(first, width) + within

    def _count_pairs(self) -> Sums:
        """How many pairs there are to each key and over each distance."""
        found, self._near = Sums(self.n), {}
        for start in range(0, self.n, HEIGHT):
            shape = min(HEIGHT, self.n - start), self.n
            seen = np.tri(*shape, start, np.float32) if self._causal else np.ones(shape, np.float32)
            found.add(self.rows(seen, start))
        return found
