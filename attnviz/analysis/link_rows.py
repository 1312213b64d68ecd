"""Which pairs of units are links, and rows of weights with 0 where there is none."""

from __future__ import annotations

import threading
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

    ``lines`` (row, distance) are the same numbers by how far before the query the key stands, from
    ``furthest`` down; ``tops`` (row,) are the words that rows give most, themselves included.
    """

    start: int
    weights: FloatArray
    lines: FloatArray
    furthest: int
    tops: IntArray

    __repr__ = brief


class Sums:
    """Sums over rows, by key (key,) and by distance (n + distance,), of n units."""

    def __init__(self, n: int) -> None:
        self.keys, self.lines = np.zeros(n, np.float32), np.zeros(2 * n, np.float32)

    def add(self, rows: UnitRows) -> None:
        """Count in some rows."""
        ones = np.ones(len(rows.weights), np.float32)
        self.keys[: rows.weights.shape[1]] += ones @ rows.weights
        end = len(self.keys) + rows.furthest + 1
        self.lines[end - rows.lines.shape[1] : end] += (ones @ rows.lines)[::-1]


class LinkRows:
    """The links there can be between n units, as ``between_words`` says; they count n · n pairs.

    ``spans`` (unit, 2) are where the word of each unit begins and ends.
    """

    def __init__(self, units: Sequence[Token], spans: IntArray, *, causal: bool) -> None:
        self.n, self.near, self._causal, self._spans = len(units), False, causal, spans
        self.words = np.asarray([is_word(unit) for unit in units], np.bool_)
        self._first = int(self.words.argmax()) if self.n else 0
        self._mask = self.words.astype(np.float32)
        self._room, self._near = threading.local(), dict[tuple[int, int], Places]()
        self._pairs = self._count_pairs()
        if not self._pairs.keys.any():
            self.near = True
            self._pairs = self._count_pairs()

    def rows(self, weights: FloatArray, start: int) -> UnitRows:
        """At most HEIGHT rows (row, key) of one head, written over by the next of this thread."""
        height, end = len(weights), start + len(weights) if self._causal else self.n
        if not hasattr(self._room, "array"):
            self._room.array = np.zeros((HEIGHT, self.n + 2 * HEIGHT), np.float32)
        room: FloatArray = self._room.array[:height]
        found = room[:, HEIGHT : HEIGHT + end]
        np.multiply(weights[:, :end], self._mask[:end], out=found)
        tops = found.argmax(axis=1)
        tops[found[np.arange(height), tops] == 0] = self._first
        if (start, height) not in self._near:  # the same for every head
            self._near[start, height] = self._no_links(start, start + height, end)
        found[self._near[start, height]] = 0
        found[~self.words[start : start + height]] = 0
        room[:, HEIGHT + end : HEIGHT + end + height] = 0
        across, along = room.strides  # each row of a diagonal begins one further
        shape, strides = (height, end + height - 1), (across + along, along)
        lines = as_strided(room[:, HEIGHT - height + 1 :], shape, strides, writeable=False)
        return UnitRows(start, found, lines, start + height - 1, tops)

    def distances(self, rows: UnitRows) -> IntArray:
        """Of each row of a word, where the word that it gives most stands (n + distance)."""
        places = np.arange(rows.start, rows.start + len(rows.tops))
        theirs = self.words[places]
        found: IntArray = (self.n + places - rows.tops)[theirs]
        return found

    def over(self, rows: UnitRows, floor: float) -> tuple[IntArray, FloatArray]:
        """The links that weigh more than that: which pairs they are, and their weights."""
        width = rows.weights.shape[1]
        row, key = np.divmod(np.flatnonzero(rows.weights > floor), max(width, 1))
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
