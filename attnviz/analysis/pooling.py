"""A text too long for maps in blocks of tokens: pictures of its heads, added up as weights come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz.result import FloatArray, Head, Token

if TYPE_CHECKING:
    from attnviz.core.hooks import AttentionBlock

NAMED = 24  # characters of a block's text in its label


def block_starts(n_tokens: int, most: int) -> list[int]:
    """Where blocks of equally many tokens begin, at most so many; the last may be shorter."""
    return list(range(0, n_tokens, max(1, -(-n_tokens // most))))


def block_tokens(
    tokens: Sequence[Token], texts: Sequence[str], starts: Sequence[int]
) -> list[Token]:
    """Blocks of tokens as units: each is called by its first token's number and its first words."""
    stops = [*starts[1:], len(tokens)]
    return [
        _block(tokens[start:stop], texts, start) for start, stop in zip(starts, stops, strict=True)
    ]


def _block(run: Sequence[Token], texts: Sequence[str], number: int) -> Token:
    first, last = run[0], run[-1]
    end = last.end if last.segment == first.segment else None
    return Token(
        f"{number}: {shorten(_beginning(run, texts), NAMED, placeholder='…')}",
        start=None if end is None else first.start,
        end=None if first.start is None else end,
        segment=first.segment,
    )


def _beginning(run: Sequence[Token], texts: Sequence[str]) -> str:
    """What a block begins with, as it is written in the text or else as its tokens are."""
    first, few = run[0], run[:NAMED]
    ends = [token.end for token in few if token.segment == first.segment and token.end is not None]
    if first.start is not None and ends and first.segment < len(texts):
        return texts[first.segment][first.start : ends[-1]]
    return " ".join(token.text for token in few)


class Pooling:
    """The sum over each block of keys and the mean over each block of queries, of some heads.

    Blocks of tokens begin at ``starts``; ``heads`` are those of each layer that count. Weights are
    added as the blocks of one sequence's queries come by, whatever their size, each head on any
    thread. Rows still sum to 1, as rows of words do (Clark et al. 2019, section 2).
    """

    def __init__(
        self, n_tokens: int, starts: Sequence[int], heads: Mapping[int, Collection[int]]
    ) -> None:
        self._starts = np.asarray(starts, np.intp)
        self._counts: FloatArray = np.diff([*starts, n_tokens]).astype(np.float32)
        self._heads = heads
        shape = len(starts), len(starts)
        self._sums: dict[Head, FloatArray] = {
            Head(layer, head): np.zeros(shape, np.float32)
            for layer, numbers in heads.items()
            for head in numbers
        }

    def visit(self, block: AttentionBlock) -> None:
        """Add what a block of weights has."""
        for number, weights in enumerate(block.weights, block.head):
            if number in self._heads.get(block.layer, ()):
                self._add(block, weights, self._sums[Head(block.layer, number)])

    def of(self, head: Head) -> FloatArray:
        """The picture of a head, float32 (block of queries, block of keys)."""
        found: FloatArray = self._sums[head] / self._counts[:, None]
        return found

    def _add(self, block: AttentionBlock, weights: FloatArray, sums: FloatArray) -> None:
        end = block.stop if block.kind == "decoder" else weights.shape[1]  # all behind it is 0
        columns = self._starts[: np.searchsorted(self._starts, end)]
        for row, some in block_runs(self._starts, block.start, block.stop):
            down: npt.NDArray[np.float32] = (
                np.ones(len(some), np.float32) @ weights[some.start : some.stop, :end]
            )
            sums[row, : len(columns)] += np.add.reduceat(down, columns)


def block_runs(starts: npt.NDArray[np.intp], first: int, stop: int) -> list[tuple[int, range]]:
    """The blocks that queries from ``first`` to ``stop`` are in, and which of these each has."""
    bounds = starts[(starts > first) & (starts < stop)]
    edges = [first, *bounds.tolist(), stop]
    rows = (np.searchsorted(starts, edges[:-1], side="right") - 1).tolist()
    return [
        (row, range(a - first, b - first))
        for row, a, b in zip(rows, edges, edges[1:], strict=False)
    ]
