"""The sentences under a picture: whatever a reader must know to read it rightly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attnviz.analysis.answers import MatrixView
from attnviz.render.figure.side import ordinal

__all__ = ["axes_note", "hidden_note", "pooled_note", "thinned_note", "view_notes"]


def view_notes(views: Sequence[MatrixView]) -> Iterator[str]:
    """How views are read, what they say themselves, and what they leave out."""
    yield from dict.fromkeys(axes_note(view.kind) for view in views)
    hidden = {view.hidden for view in views}
    for view in views:
        yield from view.notes
        of = f"{view.title}: " if len(hidden) > 1 else ""
        yield hidden_note(view.hidden, of)


def axes_note(kind: str) -> str:
    """What the two axes are."""
    return "target down, source across" if kind == "cross" else "queries down, keys across"


def hidden_note(hidden: float, of: str = "") -> str:
    """How much weight went to what is not shown."""
    return f"{of}{hidden:.1%} of the weight is on hidden tokens" if hidden else ""


def thinned_note(steps: Sequence[int], what: str = "token") -> str:
    """Which tokens or heads are labelled, where not all are."""
    thinned = sorted({step for step in steps if step > 1})
    which = " or ".join(map(ordinal, thinned))
    return f"every {which} {what} is labelled" if thinned else ""


def pooled_note(queries: int, keys: int) -> str:
    """What a pixel shows where several weights share it."""
    if queries == keys == 1:
        return ""
    return f"each pixel shows the largest of up to {queries} × {keys} weights"
