"""Rows of tokens turned into rows of words as they come by, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from attnviz.result import FloatArray

HEIGHT = 64
"""Rows at a time at most."""

TOGETHER = 1 << 19
"""Weights of them, which stay in a cache while they are gone through: 0.95 at 32,768 tokens."""

LONG_WORD = 16
"""Pieces of a word from which on reduceat, else slower, is the faster sum."""


class WordRows:
    """Merges rows as ``merge_words`` does: sums over a word's keys, means over its queries.

    ``runs`` are the tokens of each unit, in their order.
    """

    def __init__(self, runs: Sequence[Sequence[int]]) -> None:
        self._starts = np.asarray([run[0] for run in runs], np.intp)
        self._sizes = np.asarray([len(run) for run in runs], np.intp)
        self._begun: dict[int, FloatArray] = {}  # by head, the sum of a word that goes on

    def rows(self, head: int, weights: FloatArray, start: int) -> Iterator[tuple[int, FloatArray]]:
        """The rows (unit, unit) that end in rows (token, token) from ``start`` on.

        They come a few at a time, HEIGHT at most, with the number of the first. Keys may be left
        out behind the end of a unit, as far as all weights there are 0.
        """
        height = max(1, min(HEIGHT, TOGETHER // max(1, weights.shape[1])))
        for at in range(0, len(weights), height):
            some = weights[at : at + height]
            if self._sizes.max(initial=1) > 1:
                first, some = self._merged(head, some, start + at)
            else:
                first = start + at
            if len(some):
                yield first, some

    def _merged(self, head: int, weights: FloatArray, start: int) -> tuple[int, FloatArray]:
        stop = start + len(weights)
        of = np.searchsorted(self._starts, np.arange(start, stop), side="right") - 1
        first, last = int(of[0]), int(of[-1])
        mine = np.equal.outer(np.arange(first, last + 1), of).astype(np.float32)
        sums: FloatArray = mine @ self._over_keys(weights)
        if (begun := self._begun.pop(head, None)) is not None:
            sums[0, : len(begun)] += begun
        if self._starts[last] + self._sizes[last] > stop:
            self._begun[head] = sums[-1]
            sums = sums[:-1]
        sizes = self._sizes[first : first + len(sums), None].astype(np.float32)
        return first, sums / sizes

    def _over_keys(self, weights: FloatArray) -> FloatArray:
        starts = self._starts[: np.searchsorted(self._starts, weights.shape[1])]
        sizes = self._sizes[: len(starts)]
        longest = int(sizes.max())
        if longest > LONG_WORD:
            return np.add.reduceat(weights, starts, axis=1)
        sums = np.take(weights, starts, axis=1)
        for piece in range(1, longest):
            words = np.flatnonzero(sizes > piece)
            sums[:, words] += weights[:, starts[words] + piece]
        return sums
