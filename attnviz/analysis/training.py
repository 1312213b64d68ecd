"""What a lens learns from an annotated passage, what it answers there, and how often rightly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log
from typing import NamedTuple

import numpy as np

from attnviz.analysis.coreference import resolve
from attnviz.analysis.fitting import L2, Example, fit, platt
from attnviz.analysis.lenses import Lens, Record, evidence
from attnviz.analysis.probes import Interval, wilson
from attnviz.analysis.questions import Passage, Question, antecedents, dependents
from attnviz.result import AttentionResult, FloatArray, Token

COREFERENCE = "coreference"

STEPS = (0.0, 0.5, 0.6, 0.8, 0.9)
"""From one of these probabilities to the next it is counted how many answers are right."""

SAMPLED = 3
"""Of the words with nothing to find, one in so many is an example."""


class Answered(NamedTuple):
    """One answer of a lens beside the truth.

    ``right`` says whether the best candidate is right and ``followed`` whether the word is that
    it is followed to; ``share`` is that word's, ``none_share`` that of none. ``nothing`` says that
    the answer is none, ``exists`` that there is something to find, and ``nouns`` that only nouns
    are right.
    """

    right: bool
    followed: bool
    share: float
    none_share: float
    nothing: bool
    exists: bool
    nouns: bool


@dataclass(frozen=True, slots=True)
class Score:
    """How a lens does on annotated text.

    ``accuracy`` is of the best candidate where there is one to find, ``nouns`` the same where
    only nouns are right, ``followed`` that of the word it is followed to, and ``joint`` counts
    nothing as an answer too. ``calibration`` is the expected calibration error of the answers
    given, in five bins (Guo et al. 2017, equation 3).
    """

    accuracy: Interval
    nouns: Interval
    followed: Interval
    joint: Interval
    calibration: float


def examples(relation: str, passage: Passage, result: AttentionResult) -> Iterator[Example]:
    """What there is to learn from a passage, whose result is by words."""
    weights = next(iter(result.maps.values())).weights
    for question in _to_learn(relation, passage, result.tokens):
        if question.candidates:
            right = np.isin(question.candidates, list(question.right))
            seen = evidence(weights, question.query, question.candidates, result.tokens)
            yield Example(seen, right)


def _to_learn(relation: str, passage: Passage, words: Sequence[Token]) -> Iterator[Question]:
    if relation == COREFERENCE:
        yield from antecedents(passage, words)
        return
    for at, question in enumerate(dependents(passage, words, relation)):
        if question.right or at % SAMPLED == 0:
            yield question


def fitted(relation: str, examples: Sequence[Example], shape: tuple[int, int]) -> Lens:
    """The lens for a relation, fitted to what ``examples`` gave of maps (layer, head)."""
    if relation == COREFERENCE:  # whose words are of one kind already
        return fit(relation, examples, shape, l2_nothing=L2, kinds=2)
    lens = fit(relation, examples, shape)
    # Where few of the words with nothing to find are examples, nothing is likelier than in them.
    return replace(lens, none=lens.none + log(SAMPLED))


def answers(lens: Lens, passage: Passage, result: AttentionResult) -> Iterator[Answered]:
    """What a lens answers to every question of a passage, whose result is by words."""
    weights = next(iter(result.maps.values())).weights
    if lens.relation == COREFERENCE:
        yield from _references(lens, passage, weights, result.tokens)
        return
    for question in dependents(passage, result.tokens, lens.relation):
        reading = lens.read(weights, question.query, question.candidates, result.tokens)
        right = reading.best in question.right
        share = float(reading.shares.max(initial=0.0))
        none, exists = reading.nothing, bool(question.right)
        yield Answered(right, right, share, none, none > 0.5, exists, False)


def _references(
    lens: Lens, passage: Passage, weights: FloatArray, words: Sequence[Token]
) -> Iterator[Answered]:
    found = {one.query: one for one in resolve(lens, weights, words)}
    for question in antecedents(passage, words):
        one = found.get(question.query)
        if one is not None:
            best = one.candidates[0] if one.candidates else None
            yield Answered(
                one.reading.best in question.right,
                best is not None and best.word in question.right,
                best.share if best else 0.0,
                one.nothing,
                one.word is None,
                bool(question.right),
                question.relation == "noun antecedent",
            )


def calibrated(lens: Lens, found: Sequence[Answered]) -> Lens:
    """The lens with probabilities and records of answers to what it was not fitted to."""
    given = [one for one in found if not one.nothing]
    slope, shift = platt([one.share for one in given], [one.followed for one in given])
    return with_records(replace(lens, slope=slope, shift=shift), found)


def score(lens: Lens, found: Sequence[Answered]) -> Score:
    """Accuracies with intervals, and the calibration of the lens' probabilities."""
    there = [one for one in found if one.exists]
    given = [one for one in found if not one.nothing]
    return Score(
        _share(one.right for one in there),
        _share(one.right for one in there if one.nouns),
        _share(one.followed for one in there),
        _share(one.nothing != one.exists and (one.right or not one.exists) for one in found),
        _calibration(
            [lens.probability(one.share) for one in given], [one.followed for one in given]
        ),
    )


def with_records(lens: Lens, found: Sequence[Answered]) -> Lens:
    """The lens with how often such answers as these were right, in steps of their probability."""
    given = [(lens.probability(one.share), one.followed) for one in found if not one.nothing]
    none = [(one.none_share, not one.exists) for one in found if one.nothing]
    return replace(lens, records=_records(given), none_records=_records(none))


def _records(found: Sequence[tuple[float, bool]]) -> tuple[Record, ...]:
    steps = (*pairwise(STEPS), (STEPS[-1], 2.0))
    kept = ((low, [hit for p, hit in found if low <= p < high]) for low, high in steps)
    return tuple(Record(low, sum(hits), len(hits)) for low, hits in kept if hits)


def _share(hits: Iterable[bool]) -> Interval:
    counted = list(hits)
    return wilson(sum(counted), len(counted))


def _calibration(probabilities: Sequence[float], hits: Sequence[bool], bins: int = 5) -> float:
    """Σ over bins of the share of answers in it times |mean probability − share that is right|."""
    if not hits:
        return float("nan")
    bin_of = np.minimum((np.asarray(probabilities) * bins).astype(int), bins - 1)
    gaps = np.asarray(probabilities) - np.asarray(hits, np.float64)
    return float(sum(abs(gaps[bin_of == at].sum()) for at in range(bins)) / len(hits))
