"""What to show of a map: one head, a mean of heads, or the head that says most about words."""

from __future__ import annotations

import numpy as np

from attnviz.analysis.answers import Choice, MatrixView
from attnviz.analysis.specificity import HeadStatistics
from attnviz.analysis.view import View
from attnviz.result import Head


def most_telling(view: View, kind: str, statistics: HeadStatistics) -> Choice:
    """The head that says most about words, and why.

    Counted is the weight that goes to other words, not to special tokens, to the word itself or
    to its neighbours, and of this only what is particular to the pair: not what the head gives
    the same word from everywhere, or the same distance from everywhere.
    """
    heads = view.map(kind).all_heads()
    best = _most_particular(statistics)
    return Choice(
        head=heads[best],
        share=float(statistics.share.flat[best]),
        between=float(statistics.between.flat[best]),
        excluded=statistics.excluded,
        n_heads=len(heads),
        kind=kind,
        links=bool(statistics.pairs.any()),
    )


def _most_particular(statistics: HeadStatistics) -> int:
    """The head with the largest share, those that distance alone explains after all others."""
    share = statistics.share.ravel()
    rank = np.where(statistics.positional.ravel() | (share <= 0), 1, 0)
    return int(np.lexsort((-share, rank))[0])


def default_kind(view: View) -> str:
    """Cross attention where there is some, else the first map of the result."""
    return "cross" if "cross" in view.result.maps else next(iter(view.result.maps))


def head_matrix(view: View, kind: str, head: Head) -> MatrixView:
    """One head of a map."""
    return _matrix(view, kind, (head,))


def mean_matrix(view: View, kind: str) -> MatrixView:
    """The mean of all heads of a map, or of those that ``select_heads`` left in it."""
    return _matrix(view, kind, tuple(view.map(kind).all_heads()))


def _matrix(view: View, kind: str, heads: tuple[Head, ...]) -> MatrixView:
    """The mean over these heads of a map."""
    map = view.map(kind)
    layers, numbers = zip(*[map.place(head) for head in heads], strict=True)
    at = (list(layers), list(numbers))
    return MatrixView(
        weights=map.weights[at].mean(axis=0, dtype=np.float64).astype(np.float32),
        queries=view.queries(kind),
        keys=view.keys(kind),
        kind=kind,
        heads=heads,
        hidden=float(view.hidden[kind][at].mean()),
        merged=kind in view.merged,
        longer=view.longer,
        sinks=view.sinks,
        weighting=view.result.weighting,
    )
