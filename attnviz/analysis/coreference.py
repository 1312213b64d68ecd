"""What the pronouns of a text refer to, by a lens: followed to a noun, with a probability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from attnviz.analysis.lenses import Lens, Reading
from attnviz.analysis.questions import pronoun
from attnviz.analysis.words import is_word
from attnviz.brief import brief
from attnviz.result import FloatArray, Token

SURE = 0.6
"""From this probability on, one word is named."""

PROBABLE = 0.5
"""From this probability on, one word is named as probable; below, the best two are."""


class Candidate(NamedTuple):
    """A word that a pronoun may refer to: its share, and how often such an answer is right."""

    word: int
    share: float
    probability: float


CLOSE = 0.5
"""A second word with more than this part of the first one's share is named beside it."""

FOLLOWED = 0.6
"""From this share on, a pronoun stands for what it refers to when a later one refers to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What one pronoun refers to: ``candidates``, best first, or nothing, which has a share too.

    ``query`` and all words are positions among the result's words; ``reading`` is what the lens
    saw before the mentions of one thing were put together.
    """

    query: int
    candidates: tuple[Candidate, ...]
    nothing: float
    reading: Reading

    __repr__ = brief

    @property
    def word(self) -> int | None:
        """The most probable word, None where it is more likely than not to refer to nothing."""
        return self.candidates[0].word if self.candidates and self.nothing <= 0.5 else None

    @property
    def named(self) -> tuple[Candidate, ...]:
        """The words to name: none, one, or two where one would be right too seldom."""
        return () if self.word is None else to_name(self.candidates)


def to_name(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The first of some candidates, or two where the second is close or the first seldom right."""
    best, *others = candidates
    close = others and others[0].share > CLOSE * best.share
    return tuple(candidates[: 2 if close or best.probability < PROBABLE else 1])


def resolve(lens: Lens, weights: FloatArray, words: Sequence[Token]) -> list[Reference]:
    """What every third-person pronoun refers to, from weights (layer, head, query, key) of words.

    Candidates are all words before a pronoun but punctuation. What one of them refers to itself,
    and the same word again, are one thing: their shares are added up, and the answer is the last
    mention of it that is no pronoun.
    """
    found: list[Reference] = []
    stands_for: dict[int, int] = {}
    for query, word in enumerate(words):
        if word.special or pronoun(word.text) is None:
            continue
        candidates = [at for at in range(query) if is_word(words[at])]
        reading = lens.read(weights, query, candidates, words)
        ranked = _ranked(lens, reading, words, stands_for)
        reference = Reference(query, tuple(ranked), reading.nothing, reading)
        if reference.word is not None and reference.candidates[0].share >= FOLLOWED:
            stands_for[query] = reference.word
        found.append(reference)
    return found


def _ranked(
    lens: Lens, reading: Reading, words: Sequence[Token], stands_for: Mapping[int, int]
) -> Iterator[Candidate]:
    """The things that the candidates are mentions of, best first, under their last noun."""
    last: dict[str, int] = {}
    things: dict[str, float] = {}
    for at, share in zip(reading.candidates, reading.shares.tolist(), strict=True):
        name = words[stands_for.get(at, at)].text.casefold()
        if at not in stands_for:
            last[name] = at
        things[name] = things.get(name, 0.0) + share
    for name, share in sorted(things.items(), key=lambda thing: -thing[1]):
        yield Candidate(last[name], share, lens.probability(share))
