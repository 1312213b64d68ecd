"""What a head finds: its accuracy in a relation, beside simple rules and with an interval."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from attnviz.analysis.questions import Passage, Question
from attnviz.analysis.words import merge_words
from attnviz.brief import brief, word
from attnviz.result import AttentionMap, AttentionResult, Head, Token
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure

ENOUGH = 50
"""Below this number of examples no head is called good."""

GUESS = "any word"
"""The rule that takes any candidate, each as often."""

SAID = 2
"""How many relations the line names that says what was asked."""

Ask = Callable[[Passage, Sequence[Token]], Iterator[Question]]


class Attends(Protocol):
    """What is needed of a model."""

    def attend_many(
        self, texts: Iterable[str], *, truncate: bool = False
    ) -> Iterator[AttentionResult]:
        """The results of many texts, in order."""


class Interval(NamedTuple):
    """A share with its 95 % interval."""

    share: float
    low: float
    high: float


def wilson(right: int, n: int, z: float = 1.96) -> Interval:
    """The share right / n with its score interval (Wilson 1927); all of 0 to 1 for no examples."""
    if n == 0:
        return Interval(float("nan"), 0.0, 1.0)
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0))


@dataclass(slots=True, eq=False)
class Probe:
    """How often heads are right in one relation: ``right`` int (layer, head) of ``n`` questions."""

    relation: str
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    right: npt.NDArray[np.int64]
    n: int = 0
    rules: dict[str, float] = field(default_factory=dict)
    offsets: Counter[int] = field(default_factory=Counter)

    __repr__ = brief

    @classmethod
    def empty(cls, relation: str, map: AttentionMap) -> Probe:
        """Nothing asked yet of the heads of a map."""
        return cls(relation, map.layers, map.heads, np.zeros(map.weights.shape[:2], np.int64))

    def add(self, question: Question, weights: npt.NDArray[np.float32]) -> None:
        """Count one question; ``weights`` (layer, head, query, key) are of its text."""
        seen = weights[:, :, question.query, list(question.candidates)]
        right = np.isin(question.candidates, list(question.right))
        self.right += right[seen.argmax(axis=-1)]
        self.n += 1
        for name, answer in question.rules.items():
            self._count(name, answer in question.right)
        self._count(GUESS, len(question.right) / len(question.candidates))
        for found in () if question.fixed else question.right:
            self.offsets[found - question.query] += 1

    def merge(self, other: Probe) -> None:
        """Count what another one has counted of the same heads."""
        self.right += other.right
        self.n += other.n
        for rule, right in other.rules.items():
            self._count(rule, right)
        self.offsets.update(other.offsets)

    def _count(self, rule: str, right: float) -> None:
        self.rules[rule] = self.rules.get(rule, 0.0) + right

    def accuracy(self, head: Head) -> Interval:
        """How often one head is right."""
        at = self.layers.index(head.layer), self.heads.index(head.head)
        return wilson(int(self.right[at]), self.n)

    def best(self) -> list[Head]:
        """All heads, the most accurate first."""
        order = np.argsort(-self.right.ravel(), kind="stable").tolist()
        return [
            Head(self.layers[i // len(self.heads)], self.heads[i % len(self.heads)]) for i in order
        ]

    def baselines(self) -> dict[str, float]:
        """How often each rule is right, a guess, and the best fixed offset (Clark et al. 2019)."""
        found = {name: count / self.n for name, count in self.rules.items()}
        for offset, count in self.offsets.most_common(1):
            found[f"always {offset:+d}"] = count / self.n
        return found

    def above(self, head: Head) -> bool:
        """Whether a head is clearly better than every rule: its interval lies above them all.

        Over fewer than ``ENOUGH`` examples no head is, as among many heads one will be lucky.
        """
        rules = self.baselines().values()
        return self.n >= ENOUGH and self.accuracy(head).low > max(rules, default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Probes(ShownAsPage, Mapping[str, Probe]):
    """What the heads of a ``model`` find in ``texts``: a mapping of relations to their probes."""

    found: Mapping[str, Probe]
    model: str = ""
    texts: str = ""

    def __getitem__(self, relation: str) -> Probe:
        return self.found[relation]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        few = ", ".join(map(word, islice(self.found, SAID)))
        more = f" and {len(self) - SAID} more" if len(self) > SAID else ""
        return f"<Probes of {few}{more}>"

    def figure(self, **style: Any) -> Figure:
        """A row for each relation, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or all heads and rules (.json)."""
        display().save(self, path, **style)


def answer_all(
    model: Attends, passages: Iterable[Passage]
) -> Iterator[tuple[Passage, AttentionResult]]:
    """Each passage with its result by words, a few at a time and none kept."""
    waiting: deque[Passage] = deque()

    def texts() -> Iterator[str]:
        for passage in passages:
            waiting.append(passage)
            yield passage.sentence.text

    for result in model.attend_many(texts(), truncate=True):
        yield waiting.popleft(), merge_words(result)


def probe(model: Attends, passages: Iterable[Passage], ask: Ask) -> dict[str, Probe]:
    """Every head's accuracy in each relation that ``ask`` finds in the passages."""
    return answered(answer_all(model, passages), ask)


def answered(passages: Iterable[tuple[Passage, AttentionResult]], ask: Ask) -> dict[str, Probe]:
    """What heads answer to all that ``ask`` finds in passages with their results by words.

    The answer of a head is the candidate on which it puts most weight. Only questions with a
    right answer and a choice count.
    """
    found: dict[str, Probe] = {}
    for passage, result in passages:
        map = next(iter(result.maps.values()))
        for question in ask(passage, result.tokens):
            if question.right and len(question.candidates) > 1:
                one = found.get(question.relation) or Probe.empty(question.relation, map)
                found[question.relation] = one
                one.add(question, map.weights)
    return found


def add_probes(total: dict[str, Probe], more: Mapping[str, Probe]) -> None:
    """Count in ``total`` what was counted elsewhere, as if it had been counted there."""
    for relation, one in more.items():
        if relation in total:
            total[relation].merge(one)
        else:
            total[relation] = one
