"""Which heads find which relations, over packs of annotated passages wherever they are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from attnviz.analysis.annotated import Sentence
from attnviz.analysis.probes import Ask, Probe, add_probes, answered
from attnviz.analysis.questions import Passage, alone, antecedents, window
from attnviz.analysis.words import merge_words
from attnviz.corpus.packs import Job

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input


ASKS = (antecedents, alone)
BEFORE = 2  # sentences before that of a pronoun

PIECES = 200
"""How many tokens a window may have; sentences are left out from its front until it has no more."""


class Asked(NamedTuple):
    """A passage, and what is asked of it."""

    passage: Passage
    ask: Ask


def asked_of(sentences: Iterable[Sentence], fits: Callable[[str], bool]) -> Iterator[Asked]:
    """All that is asked of sentences, which are read once: of two documents only one is kept.

    Every dependency both ways, neighbours and words said again and, where a mention is near, what
    pronouns refer to, in a text that ``fits``.
    """
    earlier: deque[Sentence] = deque(maxlen=BEFORE)
    for sentence in sentences:
        if earlier and earlier[-1].document != sentence.document:
            earlier.clear()
        if any(one.mentions for one in (*earlier, sentence)):
            found = window(earlier, sentence, fits)
            if found is not None:
                yield Asked(found, antecedents)
        yield Asked(Passage(sentence), alone)
        earlier.append(sentence)


def short_for(model: Model) -> Callable[[str], bool]:
    """Whether a text has no more tokens than a window may have."""
    return lambda text: len(model.encode(text, truncate=True).tokens) <= PIECES


def asked_text(one: Asked) -> str:
    """What a passage is read as."""
    return one.passage.sentence.text


def counted(parts: Iterable[list[dict[str, Probe]]]) -> dict[str, Probe]:
    """What was counted in packs, together: antecedents first."""
    found: list[dict[str, Probe]] = [{} for _ in ASKS]
    for part in parts:
        for total, more in zip(found, part, strict=True):
            add_probes(total, more)
    return {relation: one for total in found for relation, one in total.items()}


def _read(model: Model, one: Asked) -> Input:
    return model.read(asked_text(one), truncate=True)


def _probes(
    model: Model, given: Sequence[tuple[Asked, Input]], _cores: int | None
) -> list[dict[str, Probe]]:
    results = map(merge_words, model.attend_pack([read for _, read in given]))
    pairs = [(one, result) for (one, _), result in zip(given, results, strict=True)]
    return [
        answered(((one.passage, result) for one, result in pairs if one.ask is ask), ask)
        for ask in ASKS
    ]


RELATIONS = Job(_read, _probes)
"""How many questions of each relation each head answers, for each kind of question."""
