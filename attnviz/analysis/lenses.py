"""Many heads read as one: a linear scorer that says which word a word stands in a relation to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.result import FloatArray, Token

DoubleArray = npt.NDArray[np.float64]

FLOOR = 1e-2
"""Added to every weight before its logarithm: far below it, one weight says what another does."""

PLACE = ("log distance", "after", "log distance after")
"""What is read of where a candidate stands, beside all weights."""

NOTHING = (
    "on special tokens",
    "on itself",
    "from the first special token",
    "from the last special token",
    "on the previous word",
    "on the next word",
)
"""Which weights of a query say whether there is anything to find: what kind of word it is."""


class Evidence(NamedTuple):
    """What a lens reads for one query.

    ``candidates`` float32 (candidate, 2 · layer · head + 3) has the logarithms of the weights on
    each candidate and from it, and where it stands; ``nothing`` float32 (6 · layer · head,) those
    of the query's weights in ``NOTHING``.
    """

    candidates: FloatArray
    nothing: FloatArray

    def __repr__(self) -> str:
        return brief(self)


def evidence(
    weights: FloatArray, query: int, candidates: Sequence[int], words: Sequence[Token]
) -> Evidence:
    """Read weights (layer, head, query, key) between words for one query."""
    at = np.asarray(candidates, np.intp)
    n_heads = weights.shape[0] * weights.shape[1]
    own = weights[:, :, query]
    special = [i for i, word in enumerate(words) if word.special]
    seen = np.concatenate(
        [own[..., at].reshape(n_heads, -1), weights[:, :, at, query].reshape(n_heads, -1)]
    )
    far = np.log(np.maximum(np.abs(at - query), 1)).astype(np.float32)
    after = (at > query).astype(np.float32)
    place = np.stack([far, after, far * after], axis=1)
    rest = (
        own[..., special].sum(axis=-1),
        own[..., query],
        weights[:, :, special[:1], query].sum(axis=-1),
        weights[:, :, special[-1:], query].sum(axis=-1),
        own[..., max(query - 1, 0) : query].sum(axis=-1),
        own[..., query + 1 : query + 2].sum(axis=-1),
    )
    return Evidence(
        np.concatenate([np.log(seen.T + np.float32(FLOOR)), place], axis=1),
        np.log(np.stack(rest).ravel() + np.float32(FLOOR)),
    )


class Reading(NamedTuple):
    """What a lens makes of one query: the probability of each candidate, and of none of them.

    ``shares`` float64 (candidate,) and ``nothing`` sum to 1. ``carried`` float64 (layer, head) is
    what each head adds to the first candidate's score over the mean of the others'.
    """

    candidates: tuple[int, ...]
    shares: DoubleArray
    nothing: float
    carried: DoubleArray

    def __repr__(self) -> str:
        return brief(self)

    @property
    def best(self) -> int | None:
        """The most probable candidate, whether or not it is more probable than none."""
        return self.candidates[int(self.shares.argmax())] if self.candidates else None


class Record(NamedTuple):
    """Of ``n`` answers in annotated text, given with probability ``least`` or more, some right."""

    least: float
    right: int
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A scorer of candidates for one relation in one model.

    The score of a candidate is ``on`` (layer, head) times the log weights on it, ``back`` times
    those from it, and ``place`` times where it stands; that of none is ``nothing`` (6, layer, head)
    times the log weights in ``NOTHING``, and ``none``. A softmax over
    both gives probabilities; ``slope`` and ``shift`` turn that of the answer into how often such
    answers are right (Platt 1999). ``records`` say how often they were, in steps of probability,
    and ``none_records`` how often there was nothing where that was the answer.
    """

    relation: str
    on: DoubleArray
    back: DoubleArray
    place: DoubleArray
    nothing: DoubleArray
    none: float
    slope: float = 1.0
    shift: float = 0.0
    about: Mapping[str, object] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    none_records: tuple[Record, ...] = ()

    __repr__ = brief

    def read(
        self, weights: FloatArray, query: int, candidates: Sequence[int], words: Sequence[Token]
    ) -> Reading:
        """The probability of each candidate, from weights (layer, head, query, key) of words.

        InputError where the map has other heads than the lens was fitted to.
        """
        if weights.shape[:2] != self.on.shape:
            layers, heads = self.on.shape
            raise InputError(
                f"the lens for {self.relation} reads {layers} layers of {heads} heads and this map "
                f"has {weights.shape[0]} of {weights.shape[1]}; fit one to this model"
            )
        seen = evidence(weights, query, candidates, words)
        factors = np.concatenate([self.on.ravel(), self.back.ravel(), self.place])
        scores = seen.candidates @ factors
        none = seen.nothing @ self.nothing.ravel() + self.none
        top = max(scores.max(initial=none), none)
        shares = np.exp(scores - top)
        total = shares.sum() + np.exp(none - top)
        return Reading(
            tuple(candidates),
            shares / total,
            float(np.exp(none - top) / total),
            self._carried(seen, scores),
        )

    def probability(self, share: float) -> float:
        """How often an answer with this share of probability is right."""
        logit = np.log(max(share, 1e-9)) - np.log(max(1 - share, 1e-9))
        return float(1 / (1 + np.exp(-(self.slope * logit + self.shift))))

    def record(self, probability: float, *, none: bool = False) -> Record | None:
        """How often answers of this probability were right, where that was counted."""
        records = self.none_records if none else self.records
        fitting = [one for one in records if one.least <= probability]
        return fitting[-1] if fitting else None

    def _carried(self, seen: Evidence, scores: DoubleArray) -> DoubleArray:
        n = self.on.size
        if len(scores) == 0:
            return np.zeros(self.on.shape)
        parts = (
            seen.candidates[:, :n] * self.on.ravel()
            + seen.candidates[:, n : 2 * n] * self.back.ravel()
        )
        found: DoubleArray = parts[int(scores.argmax())] - parts.mean(axis=0)
        return found.reshape(self.on.shape)
