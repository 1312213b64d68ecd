"""The measures of a text too long for maps, added up as its weights are shown, none kept."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from attnviz.analysis.measured import HeadSums
from attnviz.analysis.measures import MEASURES, DoubleArray
from attnviz.analysis.word_rows import WordRows
from attnviz.analysis.words import is_word, merge_words, tokens_of_words
from attnviz.core.hooks import AttentionBlock
from attnviz.result import AttentionResult, FloatArray, Token

IntArray = npt.NDArray[np.intp]

PIECE = 1 << 18
"""Weights that are gone through at a time; twice as many take 1.2 of the time at 32,768 tokens."""

OF_ROWS = "entropy", "largest", "near", "self", "previous", "next", "same"
"""What is added up row by row; "near" is what keys beside the queries add to the distance."""

OF_KEYS = "far", "ordinary", "special", "first"
"""What is added up key by key; "ordinary" is the weight that distances are of."""


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
        self._words, self._of_tokens = WordRows(self._runs), not words
        self._special = np.asarray([unit.special for unit in units], np.bool_)
        self._plain = (~self._special).astype(np.float32)
        self._room = threading.local()
        self._apart = np.abs(np.arange(-self._n, self._n)).astype(np.float32)
        self._places, self._begins, self._seen = _places_of_words(units, earlier=causal)
        self._sums = np.zeros((len(OF_ROWS + OF_KEYS), *shape))

    def visit(self, block: AttentionBlock) -> FloatArray | None:
        """Add what a block of weights has.

        Where units are tokens, returns Σ w (head, key) over the queries that count.
        """
        found = [
            self._add(weights, block.start, (block.layer, head))
            for head, weights in enumerate(block.weights, block.head)
        ]
        return np.stack(found) if self._of_tokens else None

    def sums(self) -> HeadSums:
        """What the text adds to every measure of every head."""
        counts = ~self._special
        n, at = float(counts.sum()), np.flatnonzero(counts)
        seen = at + 1 if self._causal else np.full(len(at), self._n)
        above = dict(zip(OF_ROWS + OF_KEYS, self._sums, strict=True))
        above |= {"spread": above["entropy"], "distance": above["near"] + above["far"]}
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

    def _add(self, weights: FloatArray, start: int, place: tuple[int, int]) -> FloatArray:
        """Add a block of one head; returns Σ w (key,) over the units that end there and count."""
        sums, keys, near = self._sums[:, *place], np.zeros((2, 0), np.float32), slice(0, 0)
        for first, rows in self._rows(weights, start, place[1]):
            if not keys.size:
                near = slice(first, first + len(weights))
                keys = np.zeros((2, rows.shape[1]), np.float32)
            sums[: len(OF_ROWS)] += self._of_rows(rows, first, near, keys)
        if keys.size:
            sums[len(OF_ROWS) :] += self._of_keys(keys, near)
        found: FloatArray = keys[0]
        return found

    def _rows(self, weights: FloatArray, start: int, head: int) -> Iterable[tuple[int, FloatArray]]:
        """Rows of units that end in rows of tokens, and the first unit of each few of them."""
        if not self._of_tokens:
            return self._words.rows(head, weights, start, causal=self._causal)
        return [(start, weights[:, : start + len(weights)] if self._causal else weights)]

    def _of_rows(self, rows: FloatArray, start: int, near: slice, keys: FloatArray) -> DoubleArray:
        """What rows from unit ``start`` on add to OF_ROWS, with ``near`` the units of the block.

        Adds to ``keys`` (2, key) Σ w and Σ (q − q₀) w of them.
        """
        height, skip = len(rows), int(start == 0)  # the first unit has none before it
        counts = self._plain[start : start + height]
        (entropy, largest), same = self._go_through(rows, start, near.start, keys)
        beside = rows[:, near]
        apart = self._distances(start, height, near)[:, : beside.shape[1]]
        after = rows[:, start + 1 :].diagonal()
        found = (
            counts @ entropy,
            counts @ largest,
            counts @ (beside * apart) @ self._plain[near][: beside.shape[1]],
            counts @ rows[:, start:].diagonal(),
            counts[skip:] @ rows[skip:, start + skip - 1 :].diagonal(),
            0.0 if self._causal else counts[: len(after)] @ after,
            same,
        )
        return np.asarray(found, np.float64)

    def _go_through(
        self, rows: FloatArray, start: int, first: int, keys: FloatArray
    ) -> tuple[FloatArray, float]:
        """Entropy and largest weight (2, row) of rows, Σ w on the same word; a few at a time."""
        height, n_keys = rows.shape
        counts = self._plain[start : start + height]
        behind = counts * np.arange(start - first, start - first + height, dtype=np.float32)
        both, found = np.stack([counts, behind]), np.empty((2, height), np.float32)
        step, same = max(1, PIECE // n_keys), 0.0
        room = self._scratch(step + 2, n_keys)
        for at in range(0, height, step):
            few = slice(at, min(at + step, height))
            seen = start + at if self._causal else n_keys
            found[0, few] = _entropy(rows[few], seen, room[2:])
            rows[few].max(axis=-1, out=found[1, few])
            same += rows[few][self._same_word(start + at, few.stop - at)].sum(dtype=np.float64)
            keys += np.matmul(both[:, few], rows[few], out=room[:2])
        return found, same

    def _of_keys(self, keys: FloatArray, near: slice) -> DoubleArray:
        """What Σ w and Σ (q − q₀) w (2, key) of a block of queries from q₀ on add to OF_KEYS.

        Keys in front have Σ (q − k) w = Σ (q − q₀) w + (q₀ − k) Σ w, those behind the opposite.
        """
        (over, moved), n_keys = keys, keys.shape[1]
        plain = self._plain[:n_keys]
        apart = self._distances(near.start, 1, slice(n_keys))[0] * plain
        front, behind = slice(near.start), slice(near.stop, n_keys)
        before = over[front] @ apart[front] + moved[front] @ plain[front]
        after = over[behind] @ apart[behind] - moved[behind] @ plain[behind]
        found = (
            before + after,
            (over * plain).sum(),  # in pairs; BLAS adds 32,768 one by one, and loses 1e-5 of them
            (over * (1 - plain)).sum(),
            over[0],
        )
        return np.asarray(found, np.float64)

    def _distances(self, start: int, height: int, keys: slice) -> FloatArray:
        """|query − key| (query, key) of these units; no copy of any of it."""
        first, last, _ = keys.indices(self._n)
        shape, step = (height, last - first), self._apart.itemsize
        offset = step * (self._n + first - start)
        return np.ndarray(shape, np.float32, self._apart, offset, (-step, step))

    def _same_word(
        self, start: int, height: int
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Where (row, key) other keys are the query's word, of those in sight."""
        queries = slice(start, start + height)
        counts = self._seen[queries]
        skip = self._begins[queries] - np.cumsum(counts) + counts
        places = np.arange(counts.sum()) + np.repeat(skip, counts)
        return np.repeat(np.arange(height, dtype=np.int32), counts), self._places[places]

    def _scratch(self, height: int, n_keys: int) -> FloatArray:
        """An array of a thread's own: a new one each time takes as long as all that is measured."""
        if not hasattr(self._room, "array"):
            self._room.array = np.empty(max(PIECE, self._n) + 2 * self._n, np.float32)
        found: FloatArray = self._room.array[: height * n_keys].reshape(height, n_keys)
        return found


def _entropy(rows: FloatArray, seen: int, room: FloatArray) -> FloatArray:
    """-Σ α log₂ α of each row, whose weights are above 0 for keys that are ``seen``, if not tiny.

    Adding something to all of them takes a tenth of what is measured.
    """
    least = np.finfo(np.float32).min
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log2(rows, out=room[: len(rows)])
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
