"""What a head is called: the relations that it finds better than simple rules, and its habits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from attnviz.analysis.claims import Lenses
from attnviz.analysis.paths import PATHS
from attnviz.result import Head, ModelInfo, Weighting

if TYPE_CHECKING:
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.analysis.probes import Probe

HABITS: Mapping[str, str] = {
    "previous": "previous word",
    "next": "next word",
    "self": "itself",
    "same": "same word",
    "special": "special tokens",
    "first": "first token",
}
"""Measures that are habits: a head with at least half of its weight there is called so."""

HALF = 0.5
LEAST = 0.4
"""Below this accuracy no head is called by a relation, however seldom rules are right."""

MOST = 3
"""How many relations a head is called by at most."""


@dataclass(frozen=True, slots=True)
class Label:
    """One name of a head: what it finds or rests on, and how much.

    ``value`` is the accuracy in a relation or the mean weight of a habit. A relation has the
    accuracy of the best simple rule, ``against``, that rule's name, and the number of examples.
    """

    what: str
    value: float
    against: float | None = None
    rule: str | None = None
    n: int | None = None


class Known(Lenses, Protocol):
    """What is needed of what was found about a model, to show it."""

    @property
    def labels(self) -> Mapping[Head, Sequence[Label]]:
        """The labels of its heads."""


def are_of(model: ModelInfo, kind: str, weighting: Weighting = "raw") -> bool:
    """Whether a model's labels are of the heads of this map: of its first stack's own attention.

    Paths go through all heads, so they have none.
    """
    first = "encoder" if kind == "encoder" or model.n_target_layers is not None else "decoder"
    return weighting not in PATHS and kind == first


def label_heads(
    probes: Iterable[Probe], measures: HeadMeasures | None = None
) -> dict[Head, tuple[Label, ...]]:
    """The labels of every head that has one: habits first, then relations by how far above.

    A relation names a head only where its whole interval lies above every rule (see
    ``Probe.above``); special tokens name it before the first token does, which is one of them.
    """
    found: dict[Head, list[Label]] = {}
    for head, label in _habits(measures) if measures else ():
        found.setdefault(head, []).append(label)
    above: dict[Head, list[tuple[float, Label]]] = {}
    for probe in probes:
        rule, against = max(probe.baselines().items(), key=lambda one: one[1], default=("", 0.0))
        for head in probe.best():
            accuracy = probe.accuracy(head)
            if probe.above(head) and accuracy.share >= LEAST:
                label = Label(probe.relation, accuracy.share, against, rule, probe.n)
                above.setdefault(head, []).append((accuracy.low - against, label))
    for head, labels in above.items():
        ordered = sorted(labels, key=lambda one: -one[0])[:MOST]
        found.setdefault(head, []).extend(label for _, label in ordered)
    return {head: tuple(found[head]) for head in sorted(found)}


def _habits(measures: HeadMeasures) -> Iterator[tuple[Head, Label]]:
    for head in sorted(measures.ranked("special")):
        values = measures.of(head)
        for name, what in HABITS.items():
            covered = name == "first" and values["special"] >= HALF
            if values[name] >= HALF and not covered:
                yield head, Label(what, values[name])
