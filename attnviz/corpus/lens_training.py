"""Training a lens on packs of annotated passages, and how it does on documents it has not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from attnviz.analysis.annotated import Sentence
from attnviz.analysis.fitting import Example, Examples, minimizer
from attnviz.analysis.lenses import Lens
from attnviz.analysis.questions import Passage, windows
from attnviz.analysis.templates import discourses
from attnviz.analysis.training import (
    COREFERENCE,
    Answered,
    Score,
    answers,
    calibrated,
    examples,
    fitted,
    score,
)
from attnviz.analysis.words import merge_words
from attnviz.corpus.here import Here
from attnviz.corpus.packs import Job, packs_of, refuse_one, taken
from attnviz.corpus.relations import short_for
from attnviz.errors import InputError

if TYPE_CHECKING:
    from attnviz.corpus.packs import Place
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import AttentionResult


FOLDS = 5
"""Into so many parts documents are split to find how often answers are right."""

MADE = FOLDS
"""The number of the part that is no document's: sentences made by rule, which all lenses learn."""

Documents = Sequence[Sequence[Sentence]]


class Part(NamedTuple):
    """A passage, and the number of the part that its document is in."""

    passage: Passage
    fold: int


class Learnt(NamedTuple):
    """What there is to learn from a pack, by the parts in it, and how many (layer, head)."""

    shape: tuple[int, int]
    found: list[tuple[int, Examples]]


def train(
    model: Model, relation: str, documents: Documents, place: Place | None = None
) -> tuple[Lens, Score]:
    """A lens for "coreference", a relation of Universal Dependencies, or "head".

    It is fitted to all documents. How often its answers are right is found by cross-fitting: each
    document is answered by a lens fitted to the others, a fifth of all at a time, and that is the
    score returned. Passages are read in packs at a ``place``, and lenses fitted here. InputError
    without SciPy, where there are fewer than ten documents, and where there is no example.
    """
    minimizer()  # what is missing is said before anything is computed
    place = place or Here(model)
    shape, seen = _learnt(place, relation, to_learn(model, relation, documents))
    lenses = tuple(
        fitted(relation, [*chain(*seen[:at], *seen[at + 1 :])], shape) for at in range(FOLDS)
    )
    found = _answered(place, lenses, to_answer(model, relation, documents))
    lens = calibrated(fitted(relation, [*chain(*seen)], shape), found)
    return lens, score(lens, found)


def try_lens(
    model: Model, lens: Lens, documents: Documents, place: Place | None = None
) -> list[Answered]:
    """What a lens answers to every question of documents that it was not fitted to."""
    parts = (Part(one, 0) for one in _passages(model, lens.relation, documents, 2))
    return _answered(place or Here(model), [lens], parts)


def _learnt(
    place: Place, relation: str, parts: Iterable[Part]
) -> tuple[tuple[int, int], list[list[Example]]]:
    """How many (layer, head) there are, and the examples of each part."""
    shape = 0, 0
    seen: list[list[Example]] = [[] for _ in range(MADE + 1)]
    packs = packs_of(parts, part_text)
    for learnt in taken(place.each(examples_job(relation), [packs]), refuse_one):
        shape = learnt.shape
        for fold, found in learnt.found:
            seen[fold] += found.each()
    return shape, seen


def _answered(place: Place, lenses: Sequence[Lens], parts: Iterable[Part]) -> list[Answered]:
    """What the lens of each part answers."""
    job = Job(_read, partial(_answers, lenses=lenses))
    packs = taken(place.each(job, [packs_of(parts, part_text)]), refuse_one)
    return [*chain.from_iterable(packs)]


def to_learn(model: Model, relation: str, documents: Documents) -> Iterator[Part]:
    """All that lenses are fitted to: for pronouns, windows of one to three sentences.

    Raises InputError where there are too few documents to split.
    """
    for at, fold in enumerate(_folds(documents)):
        for before in (0, 1, 2) if relation == COREFERENCE else (0,):
            yield from (Part(one, at) for one in _passages(model, relation, fold, before))
    if relation == COREFERENCE:
        yield from (Part(Passage(text), MADE) for text in _made(sum(map(len, documents))))


def to_answer(model: Model, relation: str, documents: Documents) -> Iterator[Part]:
    """All that lenses are asked, each document by the lens that did not learn from it."""
    for at, fold in enumerate(_folds(documents)):
        yield from (Part(one, at) for one in _passages(model, relation, fold, 2))


def windowed(model: Model, documents: Documents, before: int) -> Iterator[Passage]:
    """Every sentence with a pronoun, and up to ``before`` sentences before it of 200 tokens."""
    fits = short_for(model)
    return (one for document in documents for one in windows(document, before, fits))


def part_text(one: Part) -> str:
    """What a passage is read as."""
    return one.passage.sentence.text


def examples_job(relation: str) -> Job[Part, Learnt]:
    """What there is to learn from a pack of passages."""
    return Job(_read, partial(_examples, relation=relation))


def _folds(documents: Documents) -> list[Documents]:
    if len(documents) < 2 * FOLDS:
        needed = f"a lens needs at least {2 * FOLDS} documents"
        raise InputError(f"{needed} and here are {len(documents)}")
    return [documents[at::FOLDS] for at in range(FOLDS)]


def _passages(model: Model, relation: str, documents: Documents, before: int) -> Iterator[Passage]:
    if relation == COREFERENCE:
        return windowed(model, documents, before)
    return (Passage(sentence) for document in documents for sentence in document)


def _made(n_sentences: int) -> Iterator[Sentence]:
    """Sentences made by rule, alone and by threes, some about nothing."""
    n = min(n_sentences // 12, 640)
    for many, sentences in ((n, 1), (n // 5, 3)):
        yield from discourses(many, seed=sentences, sentences=sentences, expletives=0.25)


def _read(model: Model, one: Part) -> Input:
    return model.read(part_text(one), truncate=True)


def _examples(
    model: Model, given: Sequence[tuple[Part, Input]], _cores: int | None, *, relation: str
) -> Learnt:
    pairs = _attended(model, given)
    layers, heads = next(iter(pairs[0][1].maps.values())).weights.shape[:2]
    found = [
        (fold, [*chain.from_iterable(examples(relation, one.passage, r) for one, r in some)])
        for fold, some in groupby(pairs, key=lambda pair: pair[0].fold)
    ]
    return Learnt((layers, heads), [(fold, Examples.of(some)) for fold, some in found if some])


def _answers(
    model: Model, given: Sequence[tuple[Part, Input]], _cores: int | None, *, lenses: Sequence[Lens]
) -> list[Answered]:
    pairs = _attended(model, given)
    asked = (answers(lenses[one.fold], one.passage, result) for one, result in pairs)
    return [*chain.from_iterable(asked)]


def _attended(
    model: Model, given: Sequence[tuple[Part, Input]]
) -> list[tuple[Part, AttentionResult]]:
    """Each passage with its result by words, computed together on one core."""
    results = model.attend_pack([read for _, read in given])
    return [(one, merge_words(r)) for (one, _), r in zip(given, results, strict=True)]
