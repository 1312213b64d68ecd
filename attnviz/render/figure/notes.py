"""The sentences under a picture: whatever a reader must know to read it rightly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attnviz.analysis.answers import MatrixView
from attnviz.render.figure.side import ordinal
from attnviz.render.sentences import hidden_note, matrix_notes, name_of

__all__ = ["axes_note", "pooled_note", "thinned_note", "view_notes"]


def view_notes(views: Sequence[MatrixView]) -> Iterator[str]:
    """How views are read, and what must be said with each."""
    yield from dict.fromkeys(axes_note(view.kind) for view in views)
    hidden = {view.hidden for view in views}
    for view in views:
        of = f"{name_of(view)}: " if len(hidden) > 1 else ""
        left_out = hidden_note(view.hidden)
        yield from (of + note if note == left_out else note for note in matrix_notes(view))


def axes_note(kind: str) -> str:
    """What the two axes are."""
    return "target down, source across" if kind == "cross" else "queries down, keys across"


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
