"""The sums that measures are made of: of short texts together, or of a long one in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from attnviz.analysis.measures import (
    AWAY,
    MEASURES,
    SIDES,
    Counted,
    DoubleArray,
    Having,
    IntArray,
    Side,
    Summed,
    Units,
    Weighted,
)
from attnviz.analysis.words import is_word
from attnviz.result import AttentionMap, FloatArray, Token, Weighting

TOGETHER = 1 << 20
"""Bytes of weights that are measured together, of short texts or of layers of a long one."""

ROWS = 1 << 16
"""Weights of a head that are summed by one product, so that memory does not grow with a text."""

WEIGHTED = tuple(side for side in SIDES if isinstance(side, Weighted))
SUMMED = tuple(side for side in SIDES if isinstance(side, Summed))
COUNTED = tuple(side for side in SIDES if isinstance(side, Counted))
PARTS: tuple[Side, ...] = (*WEIGHTED, *SUMMED, *COUNTED, *map(Having, WEIGHTED))
"""Every sum, as they are added up."""

PLACES = np.array([[PARTS.index(one[side]) for one in MEASURES.values()] for side in (2, 3)])
"""Which of them is above and which below the division, of each measure."""


class MeasuredText(NamedTuple):
    """A text's weights (layer, head, query, key), and what their queries and keys are.

    ``rows`` of them count; only these have ``queries``, positions in the text, and words. Words
    are numbers, the same where two are written the same but for case, and below 0 where none is.
    """

    weights: FloatArray
    weighting: Weighting
    rows: list[int]
    queries: list[int]
    keys: Sequence[int]
    query_words: list[int]
    key_words: list[int]
    special: list[bool]

    @classmethod
    def of(cls, map: AttentionMap, kind: str, weighting: Weighting) -> MeasuredText:
        """What is measured of a map of a result: the rows of all that is no special token."""
        of_queries, of_keys = tuple(map.axes[0]), tuple(map.axes[1])
        keys = [of_keys[i] for i in map.keys]
        numbers: dict[str, int] = {}
        key_words = _numbered(keys, numbers)
        if kind != "cross" and map.queries == map.keys:
            queries, query_words = keys, key_words
        else:
            queries = [of_queries[i] for i in map.queries]
            query_words = _numbered(queries, numbers)
        rows = [i for i, token in enumerate(queries) if not token.special]
        return cls(
            map.weights,
            weighting,
            rows,
            [map.queries[i] for i in rows],
            map.keys,
            [query_words[i] for i in rows],
            key_words,
            [token.special for token in keys],
        )

    def of_rows(self, layers: slice, rows: slice) -> FloatArray:
        """The weights of some layers, in some of the rows that count."""
        some = self.rows[rows]
        side_by_side = bool(some) and some[-1] - some[0] + 1 == len(some)
        at = slice(some[0], some[-1] + 1) if side_by_side else some  # a slice copies nothing
        return _shares(self.weights[layers, :, at], self.weighting)


def groups(shapes: Sequence[tuple[int, ...]]) -> Iterator[list[int]]:
    """Which maps (layer, head, query, key) are measured together: as many as there is room for.

    They are of a like size, and which they are depends on the shapes alone.
    """
    group: list[int] = []
    largest: tuple[int, ...] = (0, 0, 0, 0)
    for i in sorted(range(len(shapes)), key=lambda i: shapes[i][2:]):
        largest = tuple(map(max, largest, shapes[i]))
        if group and 4 * (len(group) + 1) * prod(largest) > TOGETHER:
            yield group
            group, largest = [], shapes[i]
        group.append(i)
    if group:
        yield group


def sums_of(texts: Sequence[MeasuredText], kind: str) -> DoubleArray:
    """What each of some texts adds, float64 (text, above and below, measure, layer, head)."""
    units = _units(texts, kind)
    n_layers, n_heads, _, _ = texts[0].weights.shape
    table = np.empty((len(texts), len(WEIGHTED), *units.ahead.shape[1:]), np.float32)
    for number, side in enumerate(WEIGHTED):
        table[:, number] = side.factor(units)
    found = np.zeros((len(texts), len(PARTS), n_layers, n_heads))
    counted = np.stack([side.counted(units) for side in COUNTED], axis=1)
    having = (table.any(axis=3) & units.queries[:, None]).sum(axis=2)
    found[:, -len(COUNTED) - len(WEIGHTED) : -len(WEIGHTED)] = counted[..., None, None]
    found[:, -len(WEIGHTED) :] = having[..., None, None]
    for layers, rows in _parts(n_layers, n_heads, units.ahead.shape):
        weights = _padded(texts, layers, rows, units.ahead.shape)
        _add(weights, table[:, :, rows], found[:, :, layers])
    sums: DoubleArray = found.take(PLACES, axis=1)
    return sums


def _parts(n_layers: int, n_heads: int, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Layers and rows that are measured together: of several short texts, all."""
    n_texts, n_rows, n_keys = shape
    height = max(1, ROWS // max(1, n_keys))
    for row in range(0, n_rows, height):
        size = 4 * n_texts * n_heads * min(height, n_rows - row) * n_keys
        together = max(1, TOGETHER // size)
        for layer in range(0, n_layers, together):
            yield slice(layer, layer + together), slice(row, row + height)


def _padded(
    texts: Sequence[MeasuredText], layers: slice, rows: slice, shape: tuple[int, ...]
) -> FloatArray:
    """Such weights of all texts (text, layer and head, query, key), with 0 behind the shorter.

    Those of one text lie where they are.
    """
    n_texts, n_rows, n_keys = shape
    n_layers, n_heads, _, _ = texts[0].weights[layers].shape
    height = len(range(n_rows)[rows])
    some = [text.of_rows(layers, rows) for text in texts]
    if n_texts > 1:
        found = np.zeros((n_texts, n_layers, n_heads, height, n_keys), np.float32)
        for room, weights in zip(found, some, strict=True):
            room[:, :, : weights.shape[2], : weights.shape[3]] = weights
    else:
        found = some[0][None]
    return found.reshape(n_texts, n_layers * n_heads, height, n_keys)


def _shares(weights: FloatArray, weighting: Weighting) -> FloatArray:
    """Weights whose rows sum to 1, as those of a softmax and of rollout do already."""
    if weighting not in ("norm", "flow"):
        return weights
    total = weights.sum(axis=-1, keepdims=True)
    found: FloatArray = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return found


def _add(weights: FloatArray, table: FloatArray, found: DoubleArray) -> None:
    """Add what weights (text, head, query, key) have to the sums that are made of them."""
    n_texts, _, *shape = found.shape
    n = len(WEIGHTED)
    each = weights.reshape(*weights.shape[:2], -1) @ table.reshape(n_texts, n, -1).mT
    found[:, :n] += each.mT.reshape(n_texts, n, *shape)
    for number, side in enumerate(SUMMED, n):
        found[:, number] += side.rows(weights).reshape(n_texts, *shape)


def _units(texts: Sequence[MeasuredText], kind: str) -> Units:
    """What the keys of some texts are to those of their queries that count."""
    n_rows = max(len(text.rows) for text in texts)
    n_keys = max(len(text.keys) for text in texts)
    keys = _table([text.keys for text in texts], n_keys, AWAY)[:, None]
    ahead = keys - _table([text.queries for text in texts], n_rows, 0)[..., None]
    words = _table([text.key_words for text in texts], n_keys, NO_KEY)[:, None]
    words[words < 0] = NO_KEY
    same = words == _table([text.query_words for text in texts], n_rows, NO_WORD)[..., None]
    aligned, causal = kind != "cross", kind == "decoder"
    same &= (ahead < 0 if causal else ahead != 0) if aligned else False
    special = _table([text.special for text in texts], n_keys, False)[:, None] != 0
    there = np.arange(n_rows) < np.asarray([[len(text.rows)] for text in texts])
    return Units(there, keys, ahead, special, same, causal, aligned)


NO_WORD, NO_KEY = -1, -2  # which are not equal, so that nothing is the same as what is no word


def _table(rows: Sequence[Sequence[int]], width: int, padding: int) -> IntArray:
    """Rows of numbers, the shorter ones padded."""
    padded = [[*row, *[padding] * (width - len(row))] for row in rows]
    return np.asarray(padded, np.int32).reshape(len(rows), width)


def _numbered(units: Sequence[Token], numbers: dict[str, int]) -> list[int]:
    """A number for each word, the same where two are written the same but for case."""
    return [
        numbers.setdefault(t.text.casefold(), len(numbers)) if is_word(t) else NO_WORD
        for t in units
    ]
