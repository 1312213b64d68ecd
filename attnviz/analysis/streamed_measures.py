"""The measures of a text too long for maps, added up as its weights are shown, none kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from attnviz.analysis.measured import HeadSums
from attnviz.analysis.measures import MEASURES, DoubleArray
from attnviz.analysis.word_rows import WordRows
from attnviz.analysis.words import is_word, merge_words, tokens_of_words
from attnviz.core.hooks import AttentionBlock
from attnviz.core.threads import Sharing, available_cores
from attnviz.result import AttentionResult, FloatArray, Token

IntArray = npt.NDArray[np.intp]


class StreamedMeasures:
    """What ``head_sums`` finds in the self-attention of one text, while its blocks come by.

    ``shape`` is how many layers and heads there are. Each head is measured on a thread, and in the
    same order whoever is free.
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        texts: Sequence[str],
        shape: tuple[int, int],
        *,
        words: bool,
        causal: bool,
    ) -> None:
        self._runs = tokens_of_words(tokens) if words else [[i] for i in range(len(tokens))]
        units = merge_words(AttentionResult(tokens, {}, texts=texts)).tokens if words else tokens
        self._n, self._causal, self._shape = len(units), causal, shape
        self._words = WordRows(self._runs)
        self._ends = np.cumsum([len(run) for run in self._runs])
        self._special = np.asarray([unit.special for unit in units], np.bool_)
        self._apart = np.abs(np.arange(-self._n, self._n)).astype(np.float32)
        self._same = _places_of_words(units)
        self._above = {name: np.zeros(shape) for name in MEASURES}
        self._ordinary = np.zeros(shape)
        self._pairs: dict[int, tuple[IntArray, IntArray]] = {}

    def visit(self, block: AttentionBlock) -> None:
        """Add what a block of weights has."""
        self._pairs = {}
        Sharing(available_cores()).each(
            lambda head: self._add_head(block, head), range(len(block.weights))
        )

    def sums(self) -> HeadSums:
        """What the text adds to every measure of every head."""
        counts = ~self._special
        n, at = float(counts.sum()), np.flatnonzero(counts)
        seen = at + 1 if self._causal else np.full(len(at), self._n)
        shared = [self._earlier(one) if self._causal else self._others(one) for one in at.tolist()]
        below: dict[str, float | DoubleArray] = dict.fromkeys(MEASURES, n)
        below |= {
            "spread": float(np.log2(seen).sum()),
            "distance": self._ordinary,
            "special": n if self._special.any() else 0.0,
            "previous": float((at > 0).sum()),
            "next": 0.0 if self._causal else float((at + 1 < self._n).sum()),
            "same": float(sum(len(places) > 0 for places in shared)),
        }
        sides = [
            [self._above[name], np.broadcast_to(np.float64(below[name]), self._shape)]
            for name in MEASURES
        ]
        layers, heads = (tuple(range(length)) for length in self._shape)
        kind = "decoder" if self._causal else "encoder"
        found = np.asarray(sides).swapaxes(0, 1)
        return HeadSums(tuple(MEASURES), kind, layers, heads, found, 1, int(n))

    def _add_head(self, block: AttentionBlock, head: int) -> None:
        end = self._ends[-1]
        if self._causal:  # what stands behind is 0
            end = self._ends[np.searchsorted(self._ends, block.stop)]
        weights = block.weights[head, :, :end]
        for start, rows in self._words.rows(head, weights, block.start):
            self._add(rows, start, (block.layer, head))

    def _add(self, rows: FloatArray, start: int, place: tuple[int, int]) -> None:
        """Add rows (unit, unit) of one head, the first that of unit ``start``."""
        counts = ~self._special[start : start + len(rows)]
        queries = start + np.flatnonzero(counts)
        rows = rows if counts.all() else rows[counts]
        for name, found in self._found(rows, queries, start).items():
            if name == "ordinary":
                self._ordinary[place] += found
            else:
                self._above[name][place] += found

    def _found(self, rows: FloatArray, queries: IntArray, start: int) -> dict[str, float]:
        """What rows of these queries add, each a sum over all of them."""
        n_keys, each = rows.shape[1], np.arange(len(rows))
        special = self._special[:n_keys]
        logs = np.maximum(rows, np.finfo(np.float32).tiny)
        np.log2(logs, out=logs)
        entropy = -float(np.vecdot(rows, logs).sum(dtype=np.float64))
        ordinary = rows * ~special if special.any() else rows
        ahead = (queries >= 1), (queries + 1 < n_keys) & (not self._causal)
        pairs = self._same_word(queries, start)
        return {
            "entropy": entropy,
            "spread": entropy,
            "largest": float(rows.max(axis=-1).sum(dtype=np.float64)),
            "distance": float(
                np.vecdot(ordinary, self._distances(queries, n_keys)).sum(dtype=np.float64)
            ),
            "ordinary": _total(ordinary),
            "special": _total(rows[:, special]),
            "first": _total(rows[:, 0]),
            "self": _total(rows[each, queries]),
            "previous": _total(rows[each[ahead[0]], queries[ahead[0]] - 1]),
            "next": _total(rows[each[ahead[1]], queries[ahead[1]] + 1]),
            "same": _total(rows[pairs]),
        }

    def _distances(self, queries: IntArray, n_keys: int) -> FloatArray:
        """|query − key| (query, key)."""
        if len(queries) and queries[-1] - queries[0] + 1 == len(queries):  # no copy of any of it
            first, step = self._apart[self._n - queries[0] :], self._apart.strides[0]
            return as_strided(first, (len(queries), n_keys), (-step, step), writeable=False)
        found: FloatArray = self._apart[self._n + np.arange(n_keys) - queries[:, None]]
        return found

    def _same_word(self, queries: IntArray, start: int) -> tuple[IntArray, IntArray]:
        """Where (row, key) other keys are the query's word, of those in sight; kept for heads."""
        if start not in self._pairs:
            places = [
                self._earlier(q) if self._causal else self._others(q) for q in queries.tolist()
            ]
            rows = np.repeat(np.arange(len(places)), [len(some) for some in places])
            keys = np.concatenate([np.zeros(0, np.intp), *places])
            self._pairs[start] = rows, keys
        return self._pairs[start]

    def _earlier(self, query: int) -> IntArray:
        places = self._same[query]
        return places[: np.searchsorted(places, query)]

    def _others(self, query: int) -> IntArray:
        places = self._same[query]
        found: IntArray = places[places != query]
        return found


def _places_of_words(units: Sequence[Token]) -> list[IntArray]:
    """For each unit where its word stands, written the same but for case; nowhere if it is none."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        if is_word(unit):
            found[unit.text.casefold()].append(place)
    arrays = {word: np.asarray(places, np.intp) for word, places in found.items()}
    none = np.zeros(0, np.intp)
    return [arrays[unit.text.casefold()] if is_word(unit) else none for unit in units]


def _total(some: FloatArray) -> float:
    return float(some.sum(dtype=np.float64))
