"""What to show of a map: one head, a mean of heads, or the head that says most about words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attnviz.analysis.answers import MatrixView
from attnviz.analysis.specificity import HeadStatistics
from attnviz.analysis.view import View
from attnviz.result import Head

__all__ = ["Choice", "default_kind", "head_matrix", "mean_matrix", "most_telling"]


class Choice(NamedTuple):
    """A head and the sentence that says why it was chosen; ``share`` is what it was chosen by."""

    head: Head
    share: float
    why: str


def most_telling(view: View, kind: str, statistics: HeadStatistics) -> Choice:
    """The head that says most about words, and why.

    Counted is the weight that goes to other words, not to special tokens, to the word itself or
    to its neighbours, and of this only what is particular to the pair: not what the head gives
    the same word from everywhere, or the same distance from everywhere.
    """
    heads = view.map(kind).all_heads()
    best = int(statistics.share.argmax())
    share, between = float(statistics.share.flat[best]), float(statistics.between.flat[best])
    if not statistics.pairs.any():
        why = f"Head {heads[best]} is shown; there are no two words to choose by."
        return Choice(heads[best], share, why)
    others = "words of the other text" if kind == "cross" else "other words"
    why = (
        f"Head {heads[best]} is shown: {between:.0%} of a word's weight goes to {others} "
        f"(not {statistics.excluded}), {share:.0%} beyond what distance and popular words explain, "
        f"the most of {_count(len(heads), 'head')}."
    )
    return Choice(heads[best], share, why)


def default_kind(view: View) -> str:
    """Cross attention where there is some, else the first map of the result."""
    return "cross" if "cross" in view.result.maps else next(iter(view.result.maps))


def head_matrix(view: View, kind: str, head: Head) -> MatrixView:
    """One head of a map."""
    map = view.map(kind)
    map.require(head)
    return _matrix(view, kind, [map.layers.index(head.layer)], [map.heads.index(head.head)])


def mean_matrix(view: View, kind: str) -> MatrixView:
    """The mean of all heads of a map, or of those that ``select_head`` left in it."""
    map = view.map(kind)
    return _matrix(view, kind, range(len(map.layers)), range(len(map.heads)))


def _matrix(
    view: View, kind: str, layers: list[int] | range, heads: list[int] | range
) -> MatrixView:
    """The mean over some layers and heads, given by their places in the map."""
    map = view.map(kind)
    at = np.ix_(layers, heads)
    head = (
        Head(map.layers[layers[0]], map.heads[heads[0]]) if len(layers) == len(heads) == 1 else None
    )
    return MatrixView(
        weights=map.weights[at].mean(axis=(0, 1), dtype=np.float64).astype(np.float32),
        queries=view.queries(kind),
        keys=view.keys(kind),
        title=_title(head, [map.layers[i] for i in layers], len(heads)),
        kind=kind,
        head=head,
        hidden=float(view.hidden[kind][at].mean()),
        notes=view.notes,
    )


def _title(head: Head | None, layers: list[int], n_heads: int) -> str:
    if head is not None:
        return f"head {head}"
    if len(layers) == 1:
        return f"layer {layers[0]}, mean of {_count(n_heads, 'head')}"
    return f"mean of {len(layers) * n_heads} heads in {len(layers)} layers"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
