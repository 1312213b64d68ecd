"""A sentence and its translation with links, made by hand for pictures."""

from __future__ import annotations

from attnviz.analysis.alignment import Aligned
from attnviz.result import Head, Link, Token

HEAD = Head(1, 0)


def aligned(source: str, target: str, *links: tuple[int, int, float]) -> Aligned:
    """Words apart at spaces; links as (target word, source word, weight)."""
    sides = (tuple(map(Token, text.split())) for text in (source, target))
    return Aligned(*sides, tuple(Link(*link, HEAD) for link in links))


CAT = aligned(
    "The black cat", "Le chat noir dort", (0, 0, 0.9), (1, 2, 1.0), (2, 1, 0.8), (3, 2, 0.25)
)
