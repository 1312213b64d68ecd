"""The measures of a text too long for maps, added up as its weights are shown, none kept."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from attnviz.analysis.measured import HeadSums
from attnviz.analysis.measures import MEASURES, DoubleArray
from attnviz.analysis.word_rows import HEIGHT, WordRows
from attnviz.analysis.words import is_word, merge_words, tokens_of_words
from attnviz.core.hooks import AttentionBlock
from attnviz.result import AttentionResult, FloatArray, Token

IntArray = npt.NDArray[np.intp]

OF_ROWS = (
    "entropy", "largest", "distance", "ordinary", "special", "first", "self", "previous", "next"
)  # fmt: skip
"""What is added up row by row; "ordinary" is the weight that distances are of."""


class StreamedMeasures:
    """What ``head_sums`` finds in the self-attention of one text, while its blocks come by.

    ``shape`` is how many layers and heads there are. Blocks of several heads, all from the same
    query on, may come at once, each on a thread.
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
        self._plain = (~self._special).astype(np.float32)
        self._room = threading.local()
        self._apart = np.abs(np.arange(-self._n, self._n)).astype(np.float32)
        self._same = _places_of_words(units)
        self._sums, self._same_sums = np.zeros((len(OF_ROWS), *shape)), np.zeros(shape)
        self._start, self._pairs = 0, dict[int, tuple[IntArray, IntArray]]()

    def visit(self, block: AttentionBlock) -> None:
        """Add what a block of weights has."""
        if block.start != self._start:
            self._start, self._pairs = block.start, {}
        end = self._ends[-1]
        if self._causal:  # what stands behind is 0
            end = self._ends[np.searchsorted(self._ends, block.stop)]
        for head, weights in enumerate(block.weights[:, :, :end], block.head):
            for start, rows in self._words.rows(head, weights, block.start):
                self._add(rows, start, (block.layer, head))

    def sums(self) -> HeadSums:
        """What the text adds to every measure of every head."""
        counts = ~self._special
        n, at = float(counts.sum()), np.flatnonzero(counts)
        seen = at + 1 if self._causal else np.full(len(at), self._n)
        shared = [self._earlier(one) if self._causal else self._others(one) for one in at.tolist()]
        above = dict(zip(OF_ROWS, self._sums, strict=True))
        above |= {"spread": above["entropy"], "same": self._same_sums}
        below: dict[str, float | DoubleArray] = dict.fromkeys(MEASURES, n)
        below |= {
            "spread": float(np.log2(seen).sum()),
            "distance": above["ordinary"],
            "special": n if self._special.any() else 0.0,
            "previous": float((at > 0).sum()),
            "next": 0.0 if self._causal else float((at + 1 < self._n).sum()),
            "same": float(sum(len(places) > 0 for places in shared)),
        }
        sides = [
            [above[name], np.broadcast_to(np.float64(below[name]), self._shape)]
            for name in MEASURES
        ]
        layers, heads = (tuple(range(length)) for length in self._shape)
        kind = "decoder" if self._causal else "encoder"
        found = np.asarray(sides).swapaxes(0, 1)
        return HeadSums(tuple(MEASURES), kind, layers, heads, found, 1, int(n))

    def _add(self, rows: FloatArray, start: int, place: tuple[int, int]) -> None:
        """Add rows (unit, unit) of one head, the first that of unit ``start``."""
        counts = ~self._special[start : start + len(rows)]
        queries = start + np.flatnonzero(counts)
        rows = rows if counts.all() else rows[counts]
        found = np.asarray(list(self._of_rows(rows, queries).values()))
        self._sums[:, *place] += found.sum(axis=1, dtype=np.float64)
        self._same_sums[place] += rows[self._same_word(queries, start)].sum(dtype=np.float64)

    def _of_rows(self, rows: FloatArray, queries: IntArray) -> dict[str, FloatArray]:
        """What each row of these queries adds (row,)."""
        n_keys, each = rows.shape[1], np.arange(len(rows))
        plain = self._plain[:n_keys]
        room = self._scratch(len(rows), n_keys)
        logs = np.log2(np.add(rows, np.finfo(np.float32).tiny, out=room), out=room)
        entropy = -np.vecdot(rows, logs)
        ordinary = rows if plain.all() else np.multiply(rows, plain, out=room)
        after = np.minimum(queries + 1, n_keys - 1)
        found = (
            entropy,
            rows.max(axis=-1),
            np.vecdot(ordinary, self._distances(queries, n_keys)),
            rows @ plain,
            np.zeros(len(rows)) if ordinary is rows else rows @ (1 - plain),
            rows[:, 0],
            rows[each, queries],
            rows[each, queries - 1] * (queries > 0),
            rows[each, after] * ((after > queries) & (not self._causal)),
        )
        return dict(zip(OF_ROWS, found, strict=True))

    def _scratch(self, height: int, n_keys: int) -> FloatArray:
        """An array of a thread's own: a new one each time takes as long as all that is measured."""
        if not hasattr(self._room, "array"):
            self._room.array = np.empty(HEIGHT * self._n, np.float32)
        found: FloatArray = self._room.array[: height * n_keys].reshape(height, n_keys)
        return found

    def _distances(self, queries: IntArray, n_keys: int) -> FloatArray:
        """|query − key| (query, key)."""
        if len(queries) and queries[-1] - queries[0] + 1 == len(queries):  # no copy of any of it
            step = self._apart.itemsize
            shape, first = (len(queries), n_keys), step * (self._n - int(queries[0]))
            return np.ndarray(shape, np.float32, self._apart, first, (-step, step))
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
