"""What a cut is and what it changes, as data: beside cuts of links of equal weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.claims import Claim
from attnviz.analysis.labels import Label
from attnviz.brief import brief, word
from attnviz.result import AttentionMap, FloatArray, Head, Token
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure

DoubleArray = npt.NDArray[np.float64]

EQUAL = 1.6
"""A link is of equal weight up to this factor."""

STRICT, LOOSE = 1.25, 2.0
"""Factors for which it is told where an effect stands too, as no factor is the right one."""

MOST = 200
"""Beside so many links of equal weight a cut is put at most, those nearest in weight."""


class Cut(NamedTuple):
    """Links from a word to a word, by their positions, in some heads; no link: heads silenced."""

    heads: tuple[Head, ...]
    query: int | None = None
    key: int | None = None

    def __repr__(self) -> str:
        return brief(self)


class Moved(NamedTuple):
    """A word, its position, and how far its final vector moves: 1 − cosine, 0 to 2."""

    position: int
    word: Token
    distance: float


class Prediction(NamedTuple):
    """What a model with a language-model head says next, before and after a cut.

    ``bits`` is the Kullback-Leibler divergence of what it said from what it says now;
    ``before`` and ``after`` are the likeliest tokens with their probabilities.
    """

    bits: float
    before: tuple[tuple[str, float], ...]
    after: tuple[tuple[str, float], ...]

    def __repr__(self) -> str:
        return brief(self)


class Ranked(NamedTuple):
    """One cut of a search: its weight in all its heads, and its effect."""

    cut: Cut
    weight: float
    effect: float

    def __repr__(self) -> str:
        return brief(self)


@dataclass(frozen=True, slots=True, eq=False)
class CutSearch(ShownAsPage):
    """What every cut of a text changes: ``heads, links = found`` are the ``n`` that change most.

    ``every_head`` are heads silenced, ``every_link`` links between ``words`` cut in all heads, each
    what changes most first. ``model`` and ``text`` are whose attention was cut, ``labels`` what the
    heads were found to do.
    """

    every_head: Sequence[Ranked]
    every_link: Sequence[Ranked]
    words: Sequence[Token]
    n: int = 10
    model: str = ""
    text: str = ""
    labels: Mapping[Head, Sequence[Label]] = field(default_factory=dict)

    @property
    def heads(self) -> list[Ranked]:
        """The heads that change most when silenced."""
        return list(self.every_head[: self.n])

    @property
    def links(self) -> list[Ranked]:
        """The links that change most when cut in all heads."""
        return list(self.every_link[: self.n])

    def __iter__(self) -> Iterator[list[Ranked]]:
        return iter((self.heads, self.links))

    def __getitem__(self, at: int) -> list[Ranked]:
        return (self.heads, self.links)[at]

    def __len__(self) -> int:
        return 2

    def __repr__(self) -> str:
        many = f"{len(self.every_head)} heads and {len(self.every_link)} links"
        first = f": {self.every_head[0].cut.heads[0]} most" if self.every_head else ""
        return f"<CutSearch of {many}{first}>"

    def figure(self, **style: Any) -> Figure:
        """What every head and every link moves, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or the first of both (.json)."""
        display().save(self, path, **style)


class Standing(NamedTuple):
    """The share of ``n`` other effects that are smaller than one."""

    share: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class CutEffect(ShownAsPage):
    """What a cut changes, and what cuts of links of equal weight change.

    ``effect`` is how far the final vector of the cut link's word moves (see ``Moved``) or, where
    heads are silenced, the mean over all words; ``weight`` is the sum of what was cut over the
    heads. ``others`` float64 (control,) are the effects of the same cut elsewhere: of links of
    equal weight, or of other heads of the same layer. ``nearest`` is the link of the same word to
    another one that is nearest in weight. ``words`` are all words, what moves most first.
    ``bounds`` are where it stands if weights are equal up to a factor of 1.25, and of 2.
    ``model`` and ``text`` are whose attention was cut, and ``labels`` what its only head is called.
    """

    cut: Cut
    tokens: Sequence[Token]
    weight: float
    effect: float
    others: npt.NDArray[np.float64]
    words: tuple[Moved, ...]
    nearest: Ranked | None = None
    before: tuple[Claim, ...] = ()
    after: tuple[Claim, ...] = ()
    prediction: Prediction | None = None
    bounds: tuple[Standing, Standing] | None = None
    model: str = ""
    text: str = ""
    labels: tuple[Label, ...] = ()

    def __repr__(self) -> str:
        heads, (_, query, key) = self.cut.heads, self.cut
        many = f"heads {heads[0]} to {heads[-1]}" if len(heads) > 1 else f"head {heads[0]}"
        link = "all links"
        if query is not None and key is not None:
            link = f"{word(self.tokens[query].text)} → {word(self.tokens[key].text)}"
        less = self.percentile
        than = "" if less is None else f", {less:.0%} of {len(self.others)} others less"
        return f"<CutEffect of {link} in {many}: {self.effect:.3f}{than}>"

    def figure(self, **style: Any) -> Figure:
        """The effect among those of its controls, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or every number (.json)."""
        display().save(self, path, **style)

    @property
    def percentile(self) -> float | None:
        """The share of the others that change less; None without any."""
        return percentile(self.effect, self.others)


def percentile(effect: float, others: npt.NDArray[np.float64]) -> float | None:
    """The share of some effects that are smaller than one; None where there are none."""
    return float((others < effect).mean()) if len(others) else None


def moved(before: FloatArray, after: FloatArray) -> npt.NDArray[np.float64]:
    """1 − cosine of each row (word, d) with the same row of another array, float64 (word,)."""
    one, two = before.astype(np.float64), after.astype(np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    found: npt.NDArray[np.float64] = 1 - (one * two).sum(axis=1) / np.maximum(lengths, 1e-30)
    return np.maximum(found, 0)


def divergence(before: DoubleArray, after: DoubleArray) -> float:
    """Σ p log₂ (p / q) in bits of logits (vocabulary,) (Kullback & Leibler 1951, equation 2.4)."""
    one, two = (np.asarray(side, np.float64) - side.max() for side in (before, after))
    one, two = (side - np.log(np.exp(side).sum()) for side in (one, two))
    return max(float((np.exp(one) * (one - two)).sum() / np.log(2)), 0.0)


def equal(one: float, other: float, factor: float = EQUAL) -> bool:
    """Whether two weights are equal up to a factor."""
    return one / factor <= other <= one * factor


def bounds(
    effect: float, weight: float, others: Sequence[Ranked]
) -> tuple[Standing, Standing] | None:
    """Where an effect stands for strictly and for loosely equal weights, where both are."""
    strict, loose = (
        np.asarray([one.effect for one in others if equal(weight, one.weight, by)])
        for by in (STRICT, LOOSE)
    )
    low, high = percentile(effect, strict), percentile(effect, loose)
    if low is None or high is None:
        return None
    return Standing(low, len(strict)), Standing(high, len(loose))


def controls(map: AttentionMap, cut: Cut, factor: float = EQUAL) -> list[Ranked]:
    """Cuts to compare with, the nearest in weight first; their effects are not known yet.

    ``map`` is between words. In the place of one head they are links in any head of its layer; in
    that of several, links in the same heads; for silenced heads, other heads of their layers.
    """
    if cut.query is None:
        layers = sorted({head.layer for head in cut.heads})
        rest = [head for head in map.all_heads() if head.layer in layers and head not in cut.heads]
        return [Ranked(Cut((head,)), 0.0, 0.0) for head in rest] if len(cut.heads) == 1 else []
    own = weight_of(map, cut)
    found = [
        Ranked(one, weight, 0.0)
        for one, weight in _links(map, cut)
        if one != cut and equal(own, weight, factor)
    ]
    return sorted(found, key=lambda one: abs(one.weight - own))[:MOST]


def weight_of(map: AttentionMap, cut: Cut) -> float:
    """The weight of a link between words, over all heads that are cut; 0 for silenced heads."""
    if cut.query is None or cut.key is None:
        return 0.0
    return float(sum(map.head(head)[cut.query, cut.key] for head in cut.heads))


def _links(map: AttentionMap, cut: Cut) -> Iterator[tuple[Cut, float]]:
    """Every link that might have been cut in the place of this one, with its weight."""
    groups = [cut.heads]
    if len(cut.heads) == 1:
        layer = cut.heads[0].layer
        groups = [(head,) for head in map.all_heads() if head.layer == layer]
    for heads in groups:
        total = np.zeros(map.weights.shape[2:], np.float64)
        for head in heads:
            total += map.head(head)
        for query, key in np.ndindex(*total.shape):
            yield Cut(heads, query, key), float(total[query, key])
