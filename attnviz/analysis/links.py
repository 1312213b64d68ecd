"""The strongest links between words, each with the head that makes it."""

from __future__ import annotations

import numpy as np

from attnviz.analysis.specificity import HeadStatistics, rank
from attnviz.analysis.view import View
from attnviz.result import Link


def strongest_links(
    view: View, kind: str, statistics: HeadStatistics, limit: int = 6
) -> list[Link]:
    """The links that are most particular to their two words, the heaviest first.

    Those of heads that distance alone explains come after all others.

    Links to special tokens, to punctuation, to the word itself or to a neighbour do not count
    (see ``between_words``), nor what a head gives a word or a distance anyway (see
    ``specific_part``). Each pair of words appears once, with the head in which it is most
    particular; its weight is that head's weight as it is.
    """
    strength, behind = statistics.strongest.ravel(), statistics.behind.ravel()
    there = np.flatnonzero(strength > 0)
    best = there[np.lexsort((-rank(strength[there]), behind[there]))[:limit]].tolist()
    links = [(behind[at], _link(view, kind, statistics, at)) for at in best]
    return [link for _, link in sorted(links, key=lambda each: (each[0], -each[1].weight))]


def _link(view: View, kind: str, statistics: HeadStatistics, at: int) -> Link:
    map = view.map(kind)
    query, key = divmod(at, len(map.keys))
    head = map.all_heads()[int(statistics.holder[query, key])]
    return Link(query, key, float(map.head(head)[query, key]), head)
