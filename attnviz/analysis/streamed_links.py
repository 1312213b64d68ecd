"""The strongest links of a text too long for maps: found as its weights are shown, none kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attnviz.analysis.answers import Excluded
from attnviz.analysis.link_ranking import Candidates, Ranking, Waiting
from attnviz.analysis.link_rows import LinkRows, Sums
from attnviz.analysis.specificity import excluded_from, is_positional
from attnviz.analysis.word_rows import WordRows
from attnviz.analysis.words import merge_words, tokens_of_words
from attnviz.core.hooks import AttentionBlock
from attnviz.result import AttentionResult, FloatArray, Head, Link, Token

WAITING = 4
"""Links of one head that wait until its sums are known, for each unit of the text."""

LEAST_WAITING = 1 << 14
"""And how many wait at least: all of a text of 128 words."""

IntArray = npt.NDArray[np.intp]


@dataclass(slots=True, eq=False)
class _Tally:
    """What was seen of one head, which is the ``number``-th."""

    number: int
    sums: Sums
    times: IntArray
    waiting: Waiting
    positional: bool = False


class StreamedLinks:
    """Ranks links as ``strongest_links`` does, while the blocks of one sequence come by.

    What a head usually gives a key or a distance is known when its last row has been seen; till
    then its heaviest links wait. Where one that had no room may be among the n best, ``finish``
    says so, and whoever then shows the same blocks again gets an exact answer: all sums are known.
    Several heads may come at once, the blocks of each in order and on one thread; what comes out is
    the same whoever is free.
    Links count ``units``, which are made of these ``runs`` of tokens.
    """

    def __init__(
        self,
        n: int,
        tokens: Sequence[Token],
        texts: Sequence[str] = (),
        *,
        words: bool = True,
        causal: bool = False,
        heads: frozenset[Head] = frozenset(),
    ) -> None:
        of_words = tokens_of_words(tokens)
        self.by, self.heads = "word" if words else "token", heads
        self.runs = of_words if words else [[i] for i in range(len(tokens))]
        self.units = _words(tokens, texts) if words else tokens
        self._links = LinkRows(self.units, _spans(of_words, words=words), causal=causal)
        self._words, self._n_tokens, self._causal = WordRows(self.runs), len(tokens), causal
        self._free, self._behind = Ranking(n), Ranking(2 * n)  # of which n may be free as well
        self._room = max(WAITING * len(self.units), LEAST_WAITING, 2 * n)
        self._tallies: dict[Head, _Tally] = {}
        self._again, self._lock = False, threading.Lock()

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """What does not count as a link between words."""
        return excluded_from(near=self._links.near)

    def visit(self, block: AttentionBlock) -> None:
        """Take what a block of weights has."""
        for number, weights in enumerate(block.weights, block.head):
            if not self.heads or Head(block.layer, number) in self.heads:
                self._add(block, weights, self._tally(block, number))

    def finish(self) -> bool:
        """Whether the links are exact; if not, all blocks are to be shown once more."""
        exact = self._again or not any(map(self._missed, self._tallies.values()))
        self._again = True
        return exact

    def links(self) -> list[Link]:
        """The links, heaviest first, those of heads that distance explains behind all others."""
        return self._heaviest_first(self._free.best) + self._heaviest_first(self._last())

    @property
    def behind(self) -> int:
        """How many of the links are of heads that distance explains."""
        return len(self._last().pairs)

    def _last(self) -> Candidates:
        """The best links of heads that distance explains, as far as there is room for them."""
        free, behind = self._free.best, self._behind.best
        behind = behind.take(~np.isin(behind.pairs, free.pairs))
        return behind.take(slice(self._free.n - len(free.pairs)))

    def _tally(self, block: AttentionBlock, number: int) -> _Tally:
        """That of a head; those of a layer begin together, so that they are counted in order."""
        with self._lock:
            if Head(block.layer, number) not in self._tallies:
                for each in range(len(block.heads.queries)):
                    self._tallies[Head(block.layer, each)] = self._begun()
        return self._tallies[Head(block.layer, number)]

    def _begun(self) -> _Tally:
        n = len(self.units)
        times, waiting = np.zeros(2 * n, np.intp), Waiting(self._room)
        return _Tally(len(self._tallies), Sums(n), times, waiting)

    def _add(self, block: AttentionBlock, weights: FloatArray, tally: _Tally) -> None:
        """Count rows and let their heavy links wait or, where all is counted, judge those."""
        if self._again and not self._missed(tally):
            return
        for start, merged in self._words.rows(
            tally.number, weights, block.start, causal=self._causal
        ):
            rows = self._links.rows(merged, start)
            if self._again:
                self._judge(tally, *self._links.over(rows, self._free.floor))
                continue
            tally.sums.add(rows)
            np.add.at(tally.times, self._links.distances(rows), 1)
            floor = max(tally.waiting.dropped, self._free.floor)
            tally.waiting.add(*self._links.over(rows, floor))
        if block.stop == self._n_tokens and not self._again:
            tally.positional = bool(is_positional(tally.times, int(self._links.words.sum())))
            self._judge(tally, *tally.waiting.take())
            tally.times = tally.times[:0].copy()
            if not self._missed(tally):  # nor later: the floor only rises
                tally.sums = Sums(0)

    def _judge(self, tally: _Tally, pairs: IntArray, weights: npt.NDArray[np.float32]) -> None:
        """Rank links of a head by what is particular about them."""
        particular = self._links.particular(tally.sums, pairs, weights)
        ranking = self._behind if tally.positional else self._free
        heads = np.full(len(pairs), tally.number, np.intp)
        with self._lock:
            ranking.add(Candidates(pairs, heads, weights, particular))

    def _missed(self, tally: _Tally) -> bool:
        """Whether a link for which there was no room could be among the best."""
        return tally.waiting.dropped > self._free.floor

    def _heaviest_first(self, found: Candidates) -> list[Link]:
        heads = list(self._tallies)
        ordered = found.take(np.argsort(-found.weights, kind="stable"))
        queries, keys = np.divmod(ordered.pairs, max(len(self.units), 1))
        columns = queries, keys, ordered.weights, ordered.heads
        return [
            Link(query, key, weight, heads[head])
            for query, key, weight, head in zip(*(each.tolist() for each in columns), strict=True)
        ]


def _words(tokens: Sequence[Token], texts: Sequence[str]) -> Sequence[Token]:
    """The words that tokens make."""
    return merge_words(AttentionResult(tokens, {}, texts=texts)).tokens


def _spans(runs: Sequence[Sequence[int]], *, words: bool) -> IntArray:
    """Where the word of each unit begins and ends (unit, 2); the units are words, or tokens."""
    if words:
        return np.stack([np.arange(len(runs)), np.arange(1, len(runs) + 1)], axis=1)
    ends = [(run[0], run[-1] + 1) for run in runs for _ in run]
    return np.asarray(ends, np.intp).reshape(-1, 2)
