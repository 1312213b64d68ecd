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
from attnviz.core.threads import Sharing, available_cores
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

    Weights are seen as ``Pooling`` sees them. A band of one block's queries waits until it is
    whole, so that memory grows with the text.
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
        heads = [head for head in self._kept if head.layer == block.layer]
        if heads and block.start == 0:
            shape = int((self._ends - self._starts).max()), block.weights.shape[2]
            self._bands = {head: np.empty(shape, np.float32) for head in heads}
        Sharing(available_cores()).each(lambda head: self._take(block, head), heads)

    def of(self, head: Head) -> tuple[Closeup, ...]:
        """Those of a head, the one with most weight first."""
        best = sorted(self._kept[head], key=lambda one: (-one[0], one[1], one[2]))
        return tuple(Closeup(query, key, weights) for _, query, key, weights in best)

    def _take(self, block: AttentionBlock, head: Head) -> None:
        band = self._bands[head]
        for row, some in block_runs(self._starts, block.start, block.stop):
            at = block.start + some.start - self._starts[row]
            rows = slice(some.start, some.stop)
            end = self._ends[row] if block.kind == "decoder" else band.shape[1]
            band[at : at + len(some), :end] = block.weights[head.head, rows, :end]
            if block.start + some.stop == self._ends[row]:
                self._keep(head, row, band[: at + len(some)], end)

    def _keep(self, head: Head, row: int, band: FloatArray, end: int) -> None:
        """Keep what is heavy of a band that is whole; nothing is seen from ``end`` on."""
        columns, kept = self._starts[: np.searchsorted(self._starts, end)], self._kept[head]
        sums = np.add.reduceat(np.ones(len(band), np.float32) @ band[:, :end], columns)
        for key in np.argsort(-sums, kind="stable")[: self._room].tolist():
            weight = float(sums[key])
            if len(kept) == self._room and weight <= kept[0][0]:
                break
            tile = band[:, self._starts[key] : self._ends[key]].astype(np.float16)
            place = heappush if len(kept) < self._room else heappushpop
            place(kept, (weight, row, key, tile))
