"""What lenses say of the words of a text: what pronouns refer to, subjects and objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from attnviz.analysis.coreference import Candidate, Reference, resolve, to_name
from attnviz.analysis.lenses import Lens, Reading, Record
from attnviz.analysis.questions import pronoun
from attnviz.analysis.words import is_word, merge_words, occurrences
from attnviz.brief import word
from attnviz.result import AttentionMap, AttentionResult, Head, Token

COREFERENCE = "coreference"
DEPENDENTS = ("nsubj", "obj")
"""The relations that a word which is no pronoun is asked for."""

SHORT = 100
"""Of a text of more words nothing is said that nobody asked."""

CARRIERS, CARRIES = 3, 0.2
"""So many heads are named, those that add at least this part of what the first of them adds."""


class Lenses(Protocol):
    """What is needed of what was found about a model."""

    def lens(self, relation: str) -> Lens | None:
        """The lens for a relation, None where there is none."""


class Named(NamedTuple):
    """A word that a claim names: its position among words, and how often such answers are right.

    ``occurrence`` is which of its like it is, counted from 1.
    """

    position: int
    word: Token
    probability: float
    occurrence: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """What a lens says of one word: the words that it stands to in a relation, best first.

    ``position`` and those of ``named`` count the words of the result; ``occurrence`` is which of
    its like the word is. Two words are named where
    one would be right too seldom, none where there is more likely nothing, whose share of the
    probability is ``nothing``. ``heads`` are those that add most to the first word's score over
    that of other words, and how much. ``record`` is how often such answers were right in text that
    is annotated.
    """

    relation: str
    position: int
    word: Token
    named: tuple[Named, ...]
    nothing: float
    heads: tuple[tuple[Head, float], ...] = ()
    record: Record | None = None
    occurrence: int = 1

    def __repr__(self) -> str:
        named = [f"{word(one.word.text)} {one.probability:.2f}" for one in self.named]
        said = " or ".join(named) or f"nothing {self.nothing:.2f}"
        return f"<Claim {word(self.relation)} of {word(self.word.text)}: {said}>"

    @property
    def probability(self) -> float:
        """That the first word is right or, where none is named, that there is nothing."""
        return self.named[0].probability if self.named else self.nothing


class _Text(NamedTuple):
    """The words of a result, its map between them, and the lenses to read it by."""

    words: tuple[Token, ...]
    map: AttentionMap
    lenses: Lenses

    def lens(self, relation: str) -> Lens | None:
        """The lens for a relation, where it reads as many heads as there are here."""
        found = self.lenses.lens(relation)
        return found if found and found.on.shape == self.map.weights.shape[:2] else None


def pronoun_claims(result: AttentionResult, lenses: Lenses) -> list[Claim]:
    """What each third-person pronoun of a short text refers to; nothing of a longer one.

    The result is of tokens or words. Without a lens that fits its heads there are no claims.
    """
    words = [token for token in result.tokens if not token.special]
    if len({token.word for token in words}) > SHORT:
        return []
    if not any(pronoun(token.text) for token in words):
        return []  # before anything is read from a disk
    text = _read(result, lenses)
    lens = text and text.lens(COREFERENCE)
    if not text or not lens:
        return []
    found = resolve(lens, text.map.weights, text.words)
    return [_reference(text, lens, one) for one in found]


def all_claims(result: AttentionResult, lenses: Lenses) -> list[Claim]:
    """What lenses say of every word of a short text, in the order of the text; nothing of others.

    Of pronouns what they refer to, of other words a subject and an object where they have one.
    """
    if len({token.word for token in result.tokens}) > SHORT:
        return []
    text = _read(result, lenses)
    if text is None:
        return []
    others = [
        claim
        for at, word in enumerate(text.words)
        if is_word(word) and not pronoun(word.text)
        for claim in _dependents(text, at)
        if claim.named
    ]
    return sorted([*pronoun_claims(result, lenses), *others], key=lambda claim: claim.position)


def claims_about(result: AttentionResult, lenses: Lenses, position: int) -> list[Claim]:
    """What lenses say of the word at a position among the words of the result.

    Of a third-person pronoun what it refers to, of any other word its subject and its object.
    """
    text = _read(result, lenses)
    if text is None or not is_word(text.words[position]):
        return []
    if pronoun(text.words[position].text):
        lens = text.lens(COREFERENCE)
        every = resolve(lens, text.map.weights, text.words) if lens else []
        return [_reference(text, lens, one) for one in every if lens and one.query == position]
    return list(_dependents(text, position))


def _read(result: AttentionResult, lenses: Lenses) -> _Text | None:
    """A result by words; None where it is of a part of a text, or no attention that lenses read."""
    if result.weighting != "raw":
        return None
    words = merge_words(result)
    map = next(iter(words.maps.values()))
    n = len(words.tokens)
    whole = map.queries == map.keys == tuple(range(n))
    return _Text(tuple(words.tokens), map, lenses) if whole else None


def _reference(text: _Text, lens: Lens, one: Reference) -> Claim:
    return _claim(text, lens, one.query, one.named, one.reading)


def _dependents(text: _Text, position: int) -> Iterator[Claim]:
    candidates = [at for at, word in enumerate(text.words) if at != position and is_word(word)]
    for relation in DEPENDENTS:
        lens = text.lens(relation)
        if lens and candidates:
            reading = lens.read(text.map.weights, position, candidates, text.words)
            shares = zip(reading.candidates, reading.shares.tolist(), strict=True)
            ranked = [
                Candidate(at, share, lens.probability(share))
                for at, share in sorted(shares, key=lambda one: -one[1])
            ]
            named = to_name(ranked) if reading.nothing <= 0.5 else ()
            yield _claim(text, lens, position, named, reading)


def _claim(
    text: _Text, lens: Lens, position: int, named: tuple[Candidate, ...], reading: Reading
) -> Claim:
    times = occurrences(each.text for each in text.words)
    return Claim(
        lens.relation,
        position,
        text.words[position],
        tuple(
            Named(one.word, text.words[one.word], one.probability, times[one.word]) for one in named
        ),
        reading.nothing,
        _carriers(text.map, reading) if named else (),
        lens.record(named[0].probability) if named else lens.record(reading.nothing, none=True),
        times[position],
    )


def _carriers(map: AttentionMap, reading: Reading) -> tuple[tuple[Head, float], ...]:
    """The heads that carry an answer, the one that adds most first."""
    every = zip(map.all_heads(), reading.carried.ravel().tolist(), strict=True)
    first = sorted(every, key=lambda one: -one[1])[:CARRIERS]
    return tuple(one for one in first if one[1] > max(CARRIES * first[0][1], 0))
