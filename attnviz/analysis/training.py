"""Training a lens on annotated documents, and how it does on documents it has not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log
from typing import NamedTuple, Protocol

import numpy as np

from attnviz.analysis.annotated import Sentence
from attnviz.analysis.coreference import resolve
from attnviz.analysis.fitting import L2, Example, fit, platt
from attnviz.analysis.lenses import Lens, Record, evidence
from attnviz.analysis.probes import Ask, Attends, Interval, answer_all, wilson
from attnviz.analysis.questions import Passage, Question, antecedents, dependents, windows
from attnviz.analysis.templates import discourses
from attnviz.errors import InputError
from attnviz.result import Token

COREFERENCE = "coreference"

PIECES = 200
"""How many tokens a window may have; sentences are left out from its front until it has no more."""

FOLDS = 5
"""Into so many parts documents are split to find how often answers are right."""

STEPS = (0.0, 0.5, 0.6, 0.8, 0.9)
"""From one of these probabilities to the next it is counted how many answers are right."""

SAMPLED = 3
"""Of the words with nothing to find, one in so many is an example."""

Documents = Sequence[Sequence[Sentence]]


class Encoded(Protocol):
    """An input, as far as it is needed here."""

    @property
    def tokens(self) -> Sequence[object]:
        """Its tokens."""


class Encodes(Attends, Protocol):
    """A model that also says how many tokens a text has."""

    def encode(self, text: str, *, truncate: bool = False) -> Encoded:
        """The text as the model's input."""


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


def train(model: Encodes, relation: str, documents: Documents) -> tuple[Lens, Score]:
    """A lens for "coreference", a relation of Universal Dependencies, or "head".

    It is fitted to all documents. How often its answers are right is found by cross-fitting: each
    document is answered by a lens fitted to the others, a fifth of all at a time, and that is the
    score returned. InputError where there are fewer than ten documents or no example.
    """
    if len(documents) < 2 * FOLDS:
        needed = f"a lens needs at least {2 * FOLDS} documents"
        raise InputError(f"{needed} and here are {len(documents)}")
    shape = _shape(model, documents)
    folds = [documents[at::FOLDS] for at in range(FOLDS)]
    seen = [_examples(model, relation, fold) for fold in folds]
    made: list[Example] = []
    if relation == COREFERENCE:
        made += _made(model, sum(map(len, documents)))
    found: list[Answered] = []
    for at, fold in enumerate(folds):
        others = [one for other in range(FOLDS) if other != at for one in seen[other]]
        found += answers(model, _fit(relation, others + made, shape), fold)
    given = [one for one in found if not one.nothing]
    slope, shift = platt([one.share for one in given], [one.followed for one in given])
    lens = _fit(relation, [one for fold in seen for one in fold] + made, shape)
    lens = with_records(replace(lens, slope=slope, shift=shift), found)
    return lens, score(lens, found)


def _fit(relation: str, examples: Sequence[Example], shape: tuple[int, int]) -> Lens:
    if relation == COREFERENCE:  # whose words are of one kind already
        return fit(relation, examples, shape, l2_nothing=L2, kinds=2)
    lens = fit(relation, examples, shape)
    # Where few of the words with nothing to find are examples, nothing is likelier than in them.
    return replace(lens, none=lens.none + log(SAMPLED))


def _shape(model: Encodes, documents: Documents) -> tuple[int, int]:
    """How many layers and heads there are."""
    _, result = next(answer_all(model, _sentences(documents)))
    layers, heads = next(iter(result.maps.values())).weights.shape[:2]
    return layers, heads


def answers(model: Encodes, lens: Lens, documents: Documents) -> Iterator[Answered]:
    """What a lens answers to every question of the documents."""
    if lens.relation != COREFERENCE:
        for passage, result in answer_all(model, _sentences(documents)):
            weights = next(iter(result.maps.values())).weights
            for question in dependents(passage, result.tokens, lens.relation):
                reading = lens.read(weights, question.query, question.candidates, result.tokens)
                right = reading.best in question.right
                share = float(reading.shares.max(initial=0.0))
                yield Answered(
                    right,
                    right,
                    share,
                    reading.nothing,
                    reading.nothing > 0.5,
                    bool(question.right),
                    False,
                )
        return
    for passage, result in answer_all(model, windowed(model, documents, 2)):
        weights = next(iter(result.maps.values())).weights
        found = {one.query: one for one in resolve(lens, weights, result.tokens)}
        for question in antecedents(passage, result.tokens):
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


def _examples(model: Encodes, relation: str, documents: Documents) -> list[Example]:
    """What there is to learn from: for pronouns in windows of one to three sentences."""
    if relation == COREFERENCE:
        passages = (one for before in (0, 1, 2) for one in windowed(model, documents, before))
        return list(_read(model, passages, antecedents))

    def ask(passage: Passage, words: Sequence[Token]) -> Iterator[Question]:
        for at, question in enumerate(dependents(passage, words, relation)):
            if question.right or at % SAMPLED == 0:
                yield question

    return list(_read(model, _sentences(documents), ask))


def _made(model: Encodes, n_sentences: int) -> Iterator[Example]:
    """Examples from sentences made by rule, of one sentence and of three, some about nothing."""
    n = min(n_sentences // 12, 640)
    for many, sentences in ((n, 1), (n // 5, 3)):
        texts = discourses(many, seed=sentences, sentences=sentences, expletives=0.25)
        yield from _read(model, (Passage(text) for text in texts), antecedents)


def _read(model: Encodes, passages: Iterable[Passage], ask: Ask) -> Iterator[Example]:
    for passage, result in answer_all(model, passages):
        weights = next(iter(result.maps.values())).weights
        for question in ask(passage, result.tokens):
            if question.candidates:
                right = np.isin(question.candidates, list(question.right))
                seen = evidence(weights, question.query, question.candidates, result.tokens)
                yield Example(seen, right)


def windowed(model: Encodes, documents: Documents, before: int) -> Iterator[Passage]:
    """Every sentence with a pronoun, and up to ``before`` sentences before it of 200 tokens."""

    def fits(text: str) -> bool:
        return len(model.encode(text, truncate=True).tokens) <= PIECES

    return (one for document in documents for one in windows(document, before, fits))


def _sentences(documents: Documents) -> Iterator[Passage]:
    return (Passage(sentence) for document in documents for sentence in document)
