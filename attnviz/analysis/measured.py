"""What each head does with its weight, as numbers: over one text or, in one pass, over many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.labels import Label
from attnviz.analysis.measures import (
    MEASURES,
    SIDES,
    Counted,
    DoubleArray,
    Having,
    Side,
    Summed,
    Units,
    Weighted,
)
from attnviz.analysis.words import is_word
from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.result import (
    AttentionMap,
    AttentionResult,
    FloatArray,
    Head,
    ModelInfo,
    Token,
    Weighting,
)
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure

UNNAMED = ModelInfo("")
"""The model of measures that nobody has said one of."""

TOGETHER = 1 << 20
"""Bytes of layers that are measured together: for short texts half the time of one by one."""

WEIGHTED = tuple(side for side in SIDES if isinstance(side, Weighted))
SUMMED = tuple(side for side in SIDES if isinstance(side, Summed))
COUNTED = tuple(side for side in SIDES if isinstance(side, Counted))
PARTS: tuple[Side, ...] = (*WEIGHTED, *SUMMED, *COUNTED, *map(Having, WEIGHTED))
"""Every sum, as they are added up."""

PLACES = np.array([[PARTS.index(one[side]) for one in MEASURES.values()] for side in (2, 3)])
"""Which of them is above and which below the division, of each measure."""

ROWS = 1 << 16
"""Weights of a head that are summed by one product, so that memory does not grow with a text."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadSums:
    """What texts add to the measures of every head, so that parts of many texts add up.

    ``sums`` float64 (2, measure, layer, head): what is above and below the division.
    """

    names: tuple[str, ...]
    kind: str
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    sums: DoubleArray
    n_texts: int
    n_queries: int

    __repr__ = brief

    def __add__(self, other: HeadSums) -> HeadSums:
        """Both together; InputError where they are not of the same heads."""
        if (self.kind, self.layers, self.heads) != (other.kind, other.layers, other.heads):
            raise InputError("the results are not of the same heads, so nothing can be averaged")
        return replace(
            self,
            sums=self.sums + other.sums,
            n_texts=self.n_texts + other.n_texts,
            n_queries=self.n_queries + other.n_queries,
        )

    def extended(self, name: str, above: DoubleArray, below: float) -> HeadSums:
        """The same with one measure more, ``above`` (layer, head)."""
        sums = np.empty((2, len(self.names) + 1, *above.shape))
        sums[:, :-1], sums[0, -1], sums[1, -1] = self.sums, above, below
        return replace(self, names=(*self.names, name), sums=sums)


@dataclass(frozen=True, slots=True, eq=False)
class HeadMeasures(ShownAsPage):
    """Measures of every head: ``values`` float64 (measure, layer, head), NaN where undefined.

    ``model`` is whose heads they are, ``weighting`` what their maps hold, ``labels`` what they were
    found to do. Heads come by their numbers, or those with most of the measure ``sort`` first.
    """

    names: tuple[str, ...]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    values: DoubleArray
    kind: str
    n_texts: int
    n_queries: int
    model: ModelInfo = UNNAMED
    weighting: Weighting = "raw"
    labels: Mapping[Head, Sequence[Label]] = field(default_factory=dict, repr=False)
    sort: str | None = None

    __repr__ = brief

    @property
    def order(self) -> list[Head]:
        """All heads, as ``sort`` says."""
        return self.ranked(self.sort) if self.sort else sorted(self.ranked(self.names[0]))

    def sorted(self, name: str | None) -> HeadMeasures:
        """The same, the largest of this measure first, which is drawn then; None for neither.

        InputError for a measure that is not there.
        """
        if name is not None:
            self.table(name)
        return replace(self, sort=name)

    def figure(self, **style: Any) -> Figure:
        """One measure of all heads, that of ``sort``, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or every measure (.json)."""
        display().save(self, path, **style)

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
        values = np.concatenate([self.values, *(one[None] for one in more.values())])
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
    return mean(head_sums(result, kind) for result in results)


def head_sums(result: AttentionResult, kind: str | None = None) -> HeadSums:
    """What one text adds to every measure of every head; ``kind`` and errors as in ``measure``."""
    kind = kind or next(iter(result.maps))
    if kind not in result.maps:
        raise InputError(f"there is no '{kind}' map here; there is {', '.join(result.maps)}")
    map, queries = result.maps[kind], result.query_tokens(kind)
    rows = np.asarray([i for i, token in enumerate(queries) if not token.special], np.intp)
    sums = _sums(map, rows, _units(result, kind, rows), result.weighting)
    return HeadSums(tuple(MEASURES), kind, map.layers, map.heads, sums, 1, len(rows))


def add_up(parts: Iterable[HeadSums]) -> HeadSums:
    """The parts together, added in their order; InputError where there is none."""
    total = None
    for part in parts:
        total = part if total is None else total + part
    if total is None:
        raise InputError("there is nothing to measure; give at least one text")
    return total


def mean(parts: Iterable[HeadSums]) -> HeadMeasures:
    """The measures that parts add up to."""
    total = add_up(parts)
    above, below = total.sums
    values = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    counts = total.n_texts, total.n_queries
    return HeadMeasures(total.names, total.layers, total.heads, values, total.kind, *counts)


def _shares(weights: FloatArray, weighting: Weighting) -> FloatArray:
    """Weights whose rows sum to 1, as those of a softmax and of rollout do already."""
    if weighting not in ("norm", "flow"):
        return weights
    total = weights.sum(axis=-1, keepdims=True)
    found: FloatArray = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return found


def _sums(
    map: AttentionMap, rows: npt.NDArray[np.intp], units: Units, weighting: Weighting
) -> DoubleArray:
    """What these rows of one text add, float64 (above and below, measure, layer, head)."""
    n_layers, n_heads, _, n_keys = map.weights.shape
    table = np.empty((len(WEIGHTED), len(rows), n_keys), np.float32)
    for factors, side in zip(table, WEIGHTED, strict=True):
        factors[:] = side.factor(units)
    found = np.zeros((len(PARTS), n_layers, n_heads))
    counted = [side.counted(units) for side in COUNTED]
    having = table.any(axis=2).sum(axis=1).tolist()
    found[len(WEIGHTED) + len(SUMMED) :] = np.reshape([*counted, *having], (-1, 1, 1))
    height = max(1, ROWS // max(1, n_keys))
    for at in range(0, len(rows), height):
        some, part = _neighbours(rows[at : at + height]), table[:, at : at + height]
        together = max(1, TOGETHER // (4 * n_heads * part[0].size))
        for layers in (slice(at, at + together) for at in range(0, n_layers, together)):
            weights = map.weights[layers, :, some].reshape(-1, *part.shape[1:])
            weights = _shares(weights, weighting)
            _add(weights, part, found[:, layers])
    sums: DoubleArray = found[PLACES]
    return sums


def _add(weights: FloatArray, table: FloatArray, found: DoubleArray) -> None:
    """Add what weights (head, query, key) have to the sums that are made of them."""
    shape, n = found.shape[1:], len(table)
    each = weights.reshape(len(weights), -1) @ table.reshape(n, -1).T
    found[:n] += each.T.reshape(n, *shape)
    for sums, side in zip(found[n:], SUMMED, strict=False):
        sums += side.rows(weights).reshape(shape)


def _neighbours(rows: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    """The same rows, as a slice where they lie side by side, so that nothing is copied."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows


def _units(result: AttentionResult, kind: str, rows: npt.NDArray[np.intp]) -> Units:
    """What the keys of a map are to these of its queries."""
    map, keys, aligned = result.maps[kind], result.key_tokens(kind), kind != "cross"
    square = aligned and map.queries == map.keys
    positions = np.asarray(map.keys, np.intp)
    queries = positions if square else np.asarray(map.queries, np.intp)
    ahead = positions - queries[rows, None]
    numbers: dict[str, int] = {}
    of_keys = _numbered(keys, numbers)
    of_queries = of_keys if square else _numbered(result.query_tokens(kind), numbers)
    same = of_queries[rows, None] == np.where(of_keys < 0, -2, of_keys)  # where −1 is none
    same &= (ahead < 0 if kind == "decoder" else ahead != 0) if aligned else False
    special = np.asarray([token.special for token in keys], np.bool_)
    return Units(positions, ahead, special, same, kind == "decoder", aligned)


def _numbered(units: Sequence[Token], numbers: dict[str, int]) -> npt.NDArray[np.intp]:
    """A number for each word, the same where two are written the same but for case; −1: none."""
    found = [
        numbers.setdefault(t.text.casefold(), len(numbers)) if is_word(t) else -1 for t in units
    ]
    return np.asarray(found, np.intp)
