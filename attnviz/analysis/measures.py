"""What each head does with its weight, as numbers: over one text or, in one pass, over many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.words import is_word
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, FloatArray, Head, Token, Weighting

__all__ = ["MEASURES", "HeadMeasures", "Measure", "Units", "measure"]

TOGETHER = 1 << 20
"""Bytes of layers that are measured together: for short texts half the time of one by one."""

BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What a map's rows and columns are, for one text.

    ``queries`` and ``keys`` are positions in the text, ``counts`` bool (query,) the queries that
    are measured, ``special`` bool (key,) and ``same`` bool (query, key) the other keys with the
    same word. ``causal`` says that no query sees what comes after it, ``aligned`` that queries
    and keys are one text.
    """

    queries: npt.NDArray[np.intp]
    keys: npt.NDArray[np.intp]
    counts: BoolArray
    special: BoolArray
    same: BoolArray
    causal: bool
    aligned: bool

    def at(self, offset: int) -> BoolArray:
        """Where (query, key) the key stands ``offset`` after its query; nowhere in two texts."""
        found: BoolArray = self.keys == self.queries[:, None] + offset
        return found & self.aligned


class Ratio(NamedTuple):
    """A measure before its division, so that texts add up: each float64 (head,)."""

    above: DoubleArray
    below: DoubleArray | float


class Measure(NamedTuple):
    """One number for each head: what it is, who defined it, and how one layer of a text adds to it.

    ``ratio`` takes a layer's weights (head, query, key), only the queries that count.
    """

    title: str
    source: str
    ratio: Callable[[FloatArray, Units], Ratio]


def _entropy(weights: FloatArray) -> DoubleArray:
    """−Σ w log₂ w of each head and query, in bits."""
    logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
    found: DoubleArray = -(weights * logs).sum(axis=-1, dtype=np.float64)
    return found


def _bits(weights: FloatArray, units: Units) -> Ratio:
    return Ratio(_entropy(weights).sum(axis=-1), units.counts.sum())


def _spread(weights: FloatArray, units: Units) -> Ratio:
    """Entropy by the largest that there could be: that of equal weight on every key in sight."""
    seen = units.keys <= units.queries[:, None] if units.causal else np.ones_like(units.same)
    most = np.log2(np.maximum(seen[units.counts].sum(axis=1), 1)).sum()
    return Ratio(_entropy(weights).sum(axis=-1), most)


def _largest(weights: FloatArray, units: Units) -> Ratio:
    return Ratio(weights.max(axis=-1).sum(axis=-1, dtype=np.float64), units.counts.sum())


def _distance(weights: FloatArray, units: Units) -> Ratio:
    """Σ w |query − key| / Σ w over the keys that are no special tokens."""
    if not units.aligned:
        return Ratio(np.zeros(len(weights)), 0.0)
    apart = np.abs(units.queries[:, None] - units.keys)[units.counts].astype(np.float32)
    ordinary = np.where(units.special, np.float32(0), weights)
    far = np.einsum("hqk,qk->hq", ordinary, apart).sum(axis=-1, dtype=np.float64)
    return Ratio(far, ordinary.sum(axis=(-2, -1), dtype=np.float64))


def _weight_on(where: Callable[[Units], BoolArray]) -> Callable[[FloatArray, Units], Ratio]:
    """The mean weight on some keys (query, key), over the queries that have such a key."""

    def ratio(weights: FloatArray, units: Units) -> Ratio:
        there = where(units)[units.counts]
        found = np.einsum("hqk,qk->hq", weights, there.astype(np.float32))
        return Ratio(found.sum(axis=-1, dtype=np.float64), there.any(axis=1).sum())

    return ratio


def _rows(keys: Callable[[Units], BoolArray]) -> Callable[[Units], BoolArray]:
    """The same keys for every query."""
    return lambda units: np.broadcast_to(keys(units), units.same.shape)


MEASURES: Mapping[str, Measure] = {
    "entropy": Measure("entropy in bits", "Clark et al. 2019, section 3.3", _bits),
    "spread": Measure(
        "entropy as a share of its maximum", "the same, by log₂ of the keys in sight", _spread
    ),
    "largest": Measure("mean largest weight", "Voita et al. 2019, section 4, confidence", _largest),
    "distance": Measure(
        "mean distance in words", "Vig and Belinkov 2019, attention distance", _distance
    ),
    "special": Measure(
        "weight on special tokens",
        "Clark et al. 2019, section 3.2",
        _weight_on(_rows(lambda units: units.special)),
    ),
    "first": Measure(
        "weight on the first token",
        "Xiao et al. 2024, section 3.1, attention sink",
        _weight_on(_rows(lambda units: units.keys == 0)),
    ),
    "self": Measure(
        "weight on the word itself",
        "Clark et al. 2019, section 3.1",
        _weight_on(lambda units: units.at(0)),
    ),
    "previous": Measure(
        "weight on the word before",
        "Clark et al. 2019, section 3.1",
        _weight_on(lambda units: units.at(-1)),
    ),
    "next": Measure(
        "weight on the word after",
        "Clark et al. 2019, section 3.1",
        _weight_on(lambda units: units.at(1) & (not units.causal)),
    ),
    "same": Measure(
        "weight on the same word elsewhere",
        "Wang et al. 2023, section 3, duplicate token heads",
        _weight_on(lambda units: units.same),
    ),
}
"""Every measure of a map, by its name, in the order of tables.

A query counts unless it is a special token. A weight is a mean over the queries that have such a
key: the first word has none before it. What no query has is NaN, as everything that compares
positions is where queries and keys are two texts.
"""


@dataclass(frozen=True, slots=True, eq=False)
class HeadMeasures:
    """Measures of every head: ``values`` float64 (measure, layer, head), NaN where undefined."""

    names: tuple[str, ...]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    values: DoubleArray
    kind: str
    n_texts: int
    n_queries: int

    def of(self, head: Head) -> dict[str, float]:
        """The measures of one head, by name."""
        row, column = self.layers.index(head.layer), self.heads.index(head.head)
        return dict(zip(self.names, self.values[:, row, column].tolist(), strict=True))

    def table(self, name: str) -> DoubleArray:
        """One measure of all heads (layer, head); InputError for one that is not there."""
        if name not in self.names:
            raise InputError(f"'{name}' is no measure; there is {', '.join(self.names)}")
        found: DoubleArray = self.values[self.names.index(name)]
        return found

    def extended(self, more: Mapping[str, DoubleArray]) -> HeadMeasures:
        """The same with more measures, each (layer, head)."""
        values = np.concatenate([self.values, np.stack(list(more.values()))])
        return replace(self, names=(*self.names, *more), values=values)

    def ranked(self, name: str) -> list[Head]:
        """All heads, the largest of this measure first, those without it last."""
        values = self.table(name).ravel()
        order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
        return [
            Head(self.layers[i // len(self.heads)], self.heads[i % len(self.heads)]) for i in order
        ]


def measure(results: Iterable[AttentionResult], kind: str | None = None) -> HeadMeasures:
    """Every measure of every head over the results, which are read once and not kept.

    The results may be of words or of tokens, of one model; rows of norms and flows are divided by
    their sums first. ``kind`` chooses a map, the first by
    default. InputError where there is no result or no such map, or the maps differ in heads.
    """
    total: DoubleArray | None = None
    first: AttentionMap | None = None
    n_texts = n_queries = 0
    for result in results:
        kind = kind or next(iter(result.maps))
        if kind not in result.maps:
            raise InputError(f"there is no '{kind}' map here; there is {', '.join(result.maps)}")
        map = result.maps[kind]
        first = first or map
        if (map.layers, map.heads) != (first.layers, first.heads):
            raise InputError("the results are not of the same heads, so nothing can be averaged")
        units = _units(result, kind)
        sums = _sums(map, units, result.weighting)
        total = sums if total is None else total + sums
        n_texts, n_queries = n_texts + 1, n_queries + int(units.counts.sum())
    if total is None or first is None or kind is None:
        raise InputError("there is nothing to measure; give at least one text")
    values = np.divide(total[0], total[1], out=np.full_like(total[0], np.nan), where=total[1] > 0)
    return HeadMeasures(
        tuple(MEASURES), first.layers, first.heads, values, kind, n_texts, n_queries
    )


def _shares(weights: FloatArray, weighting: Weighting) -> FloatArray:
    """Weights whose rows sum to 1, as those of a softmax and of rollout do already."""
    if weighting not in ("norm", "flow"):
        return weights
    total = weights.sum(axis=-1, keepdims=True)
    found: FloatArray = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return found


def _sums(map: AttentionMap, units: Units, weighting: Weighting) -> DoubleArray:
    """What one text adds, float64 (above and below, measure, layer, head)."""
    n_layers, n_heads, *size = map.weights.shape
    found = np.zeros((2, len(MEASURES), n_layers, n_heads))
    together = max(1, TOGETHER // (map.weights[0].nbytes or 1))
    for first in range(0, n_layers, together):
        layers = slice(first, first + together)
        counted = map.weights[layers].reshape(-1, *size)[:, units.counts]
        counted = _shares(counted, weighting)
        if counted.size:
            for at, one in enumerate(MEASURES.values()):
                for side, part in enumerate(one.ratio(counted, units)):
                    whole = np.broadcast_to(part, len(counted))
                    found[side, at, layers] = whole.reshape(-1, n_heads)
    return found


def _units(result: AttentionResult, kind: str) -> Units:
    map = result.maps[kind]
    queries, keys = result.query_tokens(kind), result.key_tokens(kind)
    aligned = kind != "cross"
    at = np.subtract.outer(np.asarray(map.queries), np.asarray(map.keys))
    same = _same(queries, keys) & (at > 0 if kind == "decoder" else at != 0) & aligned
    return Units(
        np.asarray(map.queries, np.intp),
        np.asarray(map.keys, np.intp),
        np.asarray([not token.special for token in queries], np.bool_),
        np.asarray([token.special for token in keys], np.bool_),
        same,
        kind == "decoder",
        aligned,
    )


def _same(queries: Sequence[Token], keys: Sequence[Token]) -> BoolArray:
    """Where (query, key) two words are written the same but for case."""
    rows = np.asarray([t.text.casefold() if is_word(t) else "" for t in queries], object)
    columns = np.asarray([t.text.casefold() if is_word(t) else None for t in keys], object)
    found: BoolArray = rows[:, None] == columns
    return found
