"""Blocks of a long text's weights at full resolution: those with most weight, kept as they come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import heappush, heappushpop
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz.analysis.pooling import block_runs
from attnviz.brief import brief
from attnviz.result import AttentionResult, FloatArray, Head, Token

if TYPE_CHECKING:
    from attnviz.core.hooks import AttentionBlock

Half = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class Closeup:
    """The weights float16 (query, key) of a block of queries and one of keys."""

    query: int
    key: int
    weights: Half

    __repr__ = brief


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PooledResult(AttentionResult):
    """A result whose tokens are blocks of ``whole``, which begin at ``starts``.

    ``closeups`` are some pixels of some heads at full resolution.
    """

    whole: Sequence[Token] = ()
    starts: Sequence[int] = ()
    closeups: tuple[tuple[Head, tuple[Closeup, ...]], ...] = ()


class Closeups:
    """Keeps the pixels of some heads that have most weight, ``room`` of each head.

    Weights are seen as ``Pooling`` sees them. A band of one block's queries that comes in parts
    waits until it is whole, so that memory grows with the text.
    """

    def __init__(
        self, n_tokens: int, starts: Sequence[int], heads: Collection[Head], room: int
    ) -> None:
        self._starts = np.asarray(starts, np.intp)
        self._ends = np.asarray([*starts[1:], n_tokens], np.intp)
        self._room = room
        self._kept: dict[Head, list[tuple[float, int, int, Half]]] = {head: [] for head in heads}
        self._bands: dict[Head, FloatArray] = {}

    def visit(self, block: AttentionBlock) -> None:
        """Take what a block of weights has."""
        for number, weights in enumerate(block.weights, block.head):
            if (head := Head(block.layer, number)) in self._kept:
                self._take(block, weights, head)

    def of(self, head: Head) -> tuple[Closeup, ...]:
        """Those of a head, the one with most weight first."""
        best = sorted(self._kept[head], key=lambda one: (-one[0], one[1], one[2]))
        return tuple(Closeup(query, key, weights) for _, query, key, weights in best)

    def _take(self, block: AttentionBlock, weights: FloatArray, head: Head) -> None:
        for row, some in block_runs(self._starts, block.start, block.stop):
            at = block.start + some.start - self._starts[row]
            end = self._ends[row] if block.kind == "decoder" else weights.shape[1]
            band, whole = weights[some.start : some.stop, :end], block.start + some.stop
            if at or whole < self._ends[row]:
                waiting = self._waiting(head, weights.shape[1])
                waiting[at : at + len(some), :end] = band
                band = waiting[: at + len(some), :end]
            if whole == self._ends[row]:
                self._keep(head, row, band)
        if block.stop == self._ends[-1]:
            self._bands.pop(head, None)

    def _waiting(self, head: Head, n_keys: int) -> FloatArray:
        """Where a head's band waits (query, key)."""
        if head not in self._bands:
            height = int((self._ends - self._starts).max())
            self._bands[head] = np.empty((height, n_keys), np.float32)
        return self._bands[head]

    def _keep(self, head: Head, row: int, band: FloatArray) -> None:
        """Keep what is heavy of a band that is whole; nothing is seen behind its keys."""
        columns = self._starts[: np.searchsorted(self._starts, band.shape[1])]
        sums, kept = np.ones(len(band), np.float32) @ band, self._kept[head]
        sums = np.add.reduceat(sums, columns)
        for key in np.argsort(-sums, kind="stable")[: self._room].tolist():
            weight = float(sums[key])
            if len(kept) == self._room and weight <= kept[0][0]:
                break
            tile = band[:, self._starts[key] : self._ends[key]].astype(np.float16)
            place = heappush if len(kept) < self._room else heappushpop
            place(kept, (weight, row, key, tile))
