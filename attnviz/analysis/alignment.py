"""Word alignment: which source word each target word looks at, and in which head to read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.view import View
from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.result import Head, Link, Token

IntArray = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class AlignmentHead(NamedTuple):
    """A cross-attention head and how much like an alignment it reads.

    ``peakedness`` is the mean over target words of the largest weight on a source word;
    ``diagonality`` is 1 where each target word looks straight across, and 0 where it looks as far
    away as two places drawn at random lie apart.
    """

    head: Head
    peakedness: float
    diagonality: float


class HeadChoice(NamedTuple):
    """The cross-attention head that alignments are read in, and why it is this one.

    The user asked for it, the checkpoint names it, or it is the best of so many by what was
    ``measured``.
    """

    head: Head
    why: Literal["asked", "named", "best"]
    measured: AlignmentHead | None = None
    n_heads: int = 0


class Aligned(NamedTuple):
    """The words of two sentences, and for each target word the source word that it looks at.

    ``links`` count the words of both sides, of which none is a special token.
    """

    source: tuple[Token, ...]
    target: tuple[Token, ...]
    links: tuple[Link, ...]

    def __repr__(self) -> str:
        return brief(self)


def aligned(view: View, head: Head) -> Aligned:
    """What ``align`` finds, by the words alone; raises what it raises."""
    sides = view.queries("cross"), view.keys("cross")
    rows, columns = (_words(side).tolist() for side in sides)
    links = (
        link._replace(query=rows.index(link.query), key=columns.index(link.key))
        for link in align(view, head)
    )
    target, source = (
        tuple(side[place] for place in places)
        for side, places in zip(sides, (rows, columns), strict=True)
    )
    return Aligned(source, target, tuple(links))


def align(view: View, head: Head) -> tuple[Link, ...]:
    """For each target word the source word on which one cross-attention head has most weight.

    A target word's row is the one whose input it is. Special tokens are no words; of equal
    weights the first counts. Raises UnknownHead, or InputError where there is no cross map.
    """
    weights = view.map("cross").head(head)
    rows, columns = _words(view.queries("cross")), _words(view.keys("cross"))
    if not len(columns):
        return ()
    tops = columns[weights[np.ix_(rows, columns)].argmax(axis=1)] if len(rows) else columns[:0]
    return tuple(
        Link(int(row), int(top), float(weights[row, top]), head)
        for row, top in zip(rows, tops, strict=True)
    )


def best_alignment_head(views: Sequence[View]) -> AlignmentHead:
    """The cross-attention head with the largest peakedness × diagonality over all these texts.

    Raises InputError where no text has a word on either side.
    """
    peaks, distances = zip(*(_peaks_and_distances(view) for view in views), strict=True)
    peak, distance = np.concatenate(peaks, axis=2), np.concatenate(distances, axis=2)
    if not peak.shape[2]:
        raise InputError("there is no word to align")
    peakedness = peak.mean(axis=2)
    diagonality = np.maximum(1 - 3 * distance.mean(axis=2), 0)  # at random |x - y| is 1/3
    best = int((peakedness * diagonality).argmax())
    head = views[0].map("cross").all_heads()[best]
    return AlignmentHead(head, float(peakedness.flat[best]), float(diagonality.flat[best]))


def _peaks_and_distances(view: View) -> tuple[Floats, Floats]:
    """Each target word's largest weight and how far off the diagonal: both (layer, head, word)."""
    weights = view.map("cross").weights
    rows, columns = _words(view.queries("cross")), _words(view.keys("cross"))
    if not len(rows) or not len(columns):
        none = np.zeros((*weights.shape[:2], 0))
        return none, none
    weights = weights[:, :, rows][:, :, :, columns]
    across = np.abs(_places(len(rows)) - _places(len(columns))[weights.argmax(axis=3)])
    return weights.max(axis=3).astype(np.float64), across


def _places(n: int) -> Floats:
    """The middles of n words laid out between 0 and 1."""
    return (np.arange(n) + 0.5) / n


def _words(tokens: Sequence[Token]) -> IntArray:
    """The places of the tokens that are not special."""
    return np.flatnonzero([not token.special for token in tokens])
