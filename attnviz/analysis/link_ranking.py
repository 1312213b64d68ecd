"""The best links found so far, and those of a head that cannot be judged yet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.specificity import STEP, rank
from attnviz.brief import brief
from attnviz.result import FloatArray

IntArray = npt.NDArray[np.intp]


class Candidates(NamedTuple):
    """Links, an entry each: ``pairs`` count query · n_keys + key, ``heads`` what a caller counts.

    ``particular`` is the part of a link's weight that its ranking goes by.
    """

    pairs: IntArray
    heads: IntArray
    weights: FloatArray
    particular: FloatArray

    def __repr__(self) -> str:
        return brief(self)

    @classmethod
    def none(cls) -> Candidates:
        """No links."""
        whole, real = np.zeros(0, np.intp), np.zeros(0, np.float32)
        return cls(whole, whole, real, real)

    def take(self, which: slice | IntArray | npt.NDArray[np.bool_]) -> Candidates:
        """Some of them, in that order."""
        pairs, heads, weights, particular = self
        return Candidates(pairs[which], heads[which], weights[which], particular[which])

    def beside(self, others: Candidates) -> Candidates:
        """These, then others."""
        return Candidates(
            np.concatenate([self.pairs, others.pairs]),
            np.concatenate([self.heads, others.heads]),
            np.concatenate([self.weights, others.weights]),
            np.concatenate([self.particular, others.particular]),
        )


class Ranking:
    """The ``n`` pairs that some head is most particular about, each with the first such head."""

    def __init__(self, n: int) -> None:
        self.n, self.best = n, Candidates.none()

    @property
    def floor(self) -> float:
        """What a link must exceed to come in: less than what ties with the last, for pairs decide.

        What ranks as nothing never comes in.
        """
        last = self.best.particular[-1] if len(self.best.pairs) == self.n else 0.0
        return float(max(last - 2 * STEP, STEP / 2))

    def add(self, more: Candidates) -> None:
        """Let more links come in, of any heads."""
        more = more.take(more.particular > self.floor)
        if not len(more.pairs):
            return
        every = self.best.beside(more)
        every = every.take(np.lexsort((every.heads, -rank(every.particular), every.pairs)))
        once = every.take(np.diff(every.pairs, prepend=-1) != 0)
        self.best = once.take(np.argsort(-rank(once.particular), kind="stable")[: self.n])


class Waiting:
    """The heaviest links of one head, ``room`` at most; ``dropped`` is the next heaviest."""

    def __init__(self, room: int) -> None:
        self.room, self.dropped = room, 0.0
        self._pairs: list[IntArray] = []
        self._weights: list[FloatArray] = []
        self._count = 0

    def add(self, pairs: IntArray, weights: FloatArray) -> None:
        """Let links wait; those no heavier than what was dropped must not be among them."""
        self._pairs.append(pairs)
        self._weights.append(weights)
        self._count += len(pairs)
        if self._count > 2 * self.room:
            self._cut()

    def take(self) -> tuple[IntArray, FloatArray]:
        """All that wait, who then wait no longer."""
        if self._count > self.room:
            self._cut()
        none = Candidates.none()
        pairs = np.concatenate([none.pairs, *self._pairs])
        weights = np.concatenate([none.weights, *self._weights])
        self._pairs, self._weights, self._count = [], [], 0
        return pairs, weights

    def _cut(self) -> None:
        pairs, weights = np.concatenate(self._pairs), np.concatenate(self._weights)
        order = np.argpartition(-weights, self.room)
        kept, self._count = order[: self.room], self.room
        self.dropped = float(weights[order[self.room]])
        self._pairs, self._weights = [pairs[kept]], [weights[kept]]
