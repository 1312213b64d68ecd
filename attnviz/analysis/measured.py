"""What each head does with its weight, as numbers: over one text or, in one pass, over many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.analysis.labels import Label
from attnviz.analysis.measured_groups import MeasuredText, groups, sums_of
from attnviz.analysis.measures import MEASURES, DoubleArray
from attnviz.analysis.words import merged_map
from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.result import AttentionResult, Head, ModelInfo, Weighting
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure

NAMES = tuple(MEASURES)
UNNAMED = ModelInfo("")
"""The model of measures that nobody has said one of."""


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
    return each_sums([result], kind)[0]


def each_sums(
    results: Sequence[AttentionResult], kind: str, *, words: bool = False
) -> list[HeadSums]:
    """What each of some texts adds, in their order; ``words`` merges tokens first.

    The results are of one model. Short ones are measured together: the calls that one of them
    takes alone cost half as much again as what they compute.
    """
    found: dict[int, HeadSums] = {}
    for group in groups([result.maps[kind].weights.shape for result in results]):
        some = [results[i] for i in group]
        maps = [merged_map(one, kind) if words else one.maps[kind] for one in some]
        texts = [
            MeasuredText.of(map, kind, one.weighting) for map, one in zip(maps, some, strict=True)
        ]
        for i, map, text, sums in zip(group, maps, texts, sums_of(texts, kind), strict=True):
            found[i] = HeadSums(NAMES, kind, map.layers, map.heads, sums, 1, len(text.rows))
    return [found[i] for i in range(len(results))]


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
