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
Pairs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]

PAIRS = 1 << 23
"""Pairs of occurrences of a word that are kept at most, 8 bytes each, instead of found again."""

OF_ROWS = (
    "entropy", "largest", "distance", "ordinary", "special", "first", "self", "previous", "next",
    "same",
)  # fmt: skip
"""What is added up row by row; "ordinary" is the weight that distances are of."""


class StreamedMeasures:
    """What ``head_sums`` finds in the self-attention of one text, while its blocks come by.

    ``shape`` is how many layers and heads there are. Several heads may come at once, the blocks of
    each in order and on one thread.
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
        self._special = np.asarray([unit.special for unit in units], np.bool_)
        self._plain = (~self._special).astype(np.float32)
        self._room = threading.local()
        self._apart = np.abs(np.arange(-self._n, self._n)).astype(np.float32)
        self._places, self._begins, self._seen = _places_of_words(units, earlier=causal)
        self._pairs, self._room_for_pairs = dict[tuple[int, int], Pairs](), PAIRS
        self._sums = np.zeros((len(OF_ROWS), *shape))

    def visit(self, block: AttentionBlock) -> None:
        """Add what a block of weights has."""
        for head, weights in enumerate(block.weights, block.head):
            for start, rows in self._words.rows(head, weights, block.start, causal=self._causal):
                self._add(rows, start, (block.layer, head))

    def sums(self) -> HeadSums:
        """What the text adds to every measure of every head."""
        counts = ~self._special
        n, at = float(counts.sum()), np.flatnonzero(counts)
        seen = at + 1 if self._causal else np.full(len(at), self._n)
        above = dict(zip(OF_ROWS, self._sums, strict=True))
        above["spread"] = above["entropy"]
        below: dict[str, float | DoubleArray] = dict.fromkeys(MEASURES, n)
        below |= {
            "spread": float(np.log2(seen).sum()),
            "distance": above["ordinary"],
            "special": n if self._special.any() else 0.0,
            "previous": float((at > 0).sum()),
            "next": 0.0 if self._causal else float((at + 1 < self._n).sum()),
            "same": float(np.count_nonzero(self._seen[at])),
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
        sums = [each.sum(dtype=np.float64) for each in self._of_rows(rows, queries)]
        self._sums[:, *place] += sums

    def _of_rows(self, rows: FloatArray, queries: IntArray) -> tuple[FloatArray, ...]:
        """What each row of these queries adds (row,), or as many numbers as there are."""
        n_keys, each = rows.shape[1], np.arange(len(rows))
        plain = self._plain[:n_keys]
        room = self._scratch(len(rows), n_keys)
        entropy = _entropy(rows, queries.min(initial=n_keys) if self._causal else n_keys, room)
        ordinary = rows if plain.all() else np.multiply(rows, plain, out=room)
        after = np.minimum(queries + 1, n_keys - 1)
        return (
            entropy,
            rows.max(axis=-1),
            np.vecdot(ordinary, self._distances(queries, n_keys)),
            rows @ plain,
            np.zeros(0, np.float32) if ordinary is rows else rows @ (1 - plain),
            rows[:, 0],
            rows[each, queries],
            rows[each, queries - 1] * (queries > 0),
            rows[each, after] * ((after > queries) & (not self._causal)),
            rows[self._same_word(queries)],
        )

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

    def _same_word(self, queries: IntArray) -> Pairs:
        """Where (row, key) other keys are the query's word, of those in sight; kept for heads."""
        block = int(queries.min(initial=self._n)), len(queries)
        if (found := self._pairs.get(block)) is None:
            counts = self._seen[queries]
            skip = self._begins[queries] - np.cumsum(counts) + counts
            places = np.arange(counts.sum()) + np.repeat(skip, counts)
            rows = np.repeat(np.arange(len(queries), dtype=np.int32), counts)
            found = rows, self._places[places]
            if (room := self._room_for_pairs - len(rows)) >= 0:
                self._room_for_pairs, self._pairs[block] = room, found
        return found


def _entropy(rows: FloatArray, seen: int, room: FloatArray) -> FloatArray:
    """-Σ α log₂ α of each row, whose weights are above 0 for keys that are ``seen``, if not tiny.

    Adding something to all of them takes a tenth of what is measured.
    """
    least = np.finfo(np.float32).min
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log2(rows, out=room)
        np.maximum(logs[:, seen:], least, out=logs[:, seen:])  # 0 · log 0 is to be 0
        found: FloatArray = -np.vecdot(rows, logs)
        if np.isnan(found).any():
            found = -np.vecdot(rows, np.maximum(logs, least, out=logs))
    return found


def _places_of_words(
    units: Sequence[Token], *, earlier: bool
) -> tuple[npt.NDArray[np.int32], IntArray, IntArray]:
    """Where words stand, and of each unit where in this others of its word begin, and how many.

    A word is the same written the same but for case; all others count or, of a decoder, those that
    stand ``earlier``. What is no word has none.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        if is_word(unit):
            found[unit.text.casefold()].append(place)
    every, begins, counts = (
        list[int](),
        np.zeros(len(units), np.intp),
        np.zeros(len(units), np.intp),
    )
    for places in found.values():
        rank = np.arange(len(places))
        begins[places] = len(every) + (0 if earlier else rank + 1)  # behind it, and round again
        counts[places] = rank if earlier else len(places) - 1
        every += places if earlier else [*places, *places]
    return np.asarray(every, np.int32), begins, counts
