"""What stands over and under a picture: its title, and what a reader must know to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from attnviz.analysis.answers import MatrixView
from attnviz.render.colour import Scale
from attnviz.render.figure.canvas import GREY, PAD, Canvas
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.side import Side, ordinal
from attnviz.render.labels import name_of
from attnviz.render.numbers import short
from attnviz.render.safe import visible
from attnviz.render.sentences import hidden_note, longer_notes, matrix_notes

TITLE, NOTE = 10.0, 7.0  # points
NARROW, SMALL_TITLE, SMALL_NOTE = 4.0, 8.5, 6.0  # inches, and points in what is no wider
LEADING = 1.3
TITLE_LINES, FEW_LINES = 3, 2


class Frame(NamedTuple):
    """What stands over and under a picture: its title and, small and grey, its notes.

    ``points`` are the sizes of both.
    """

    title: Sequence[str]
    notes: Sequence[str]
    points: tuple[float, float] = (TITLE, NOTE)

    @classmethod
    def around(
        cls, title: str, notes: Sequence[str], width: float, measurer: TextMeasurer
    ) -> Frame:
        """Break title and notes into lines for a picture of this width in inches."""
        room = width - 2 * PAD
        points = (SMALL_TITLE, SMALL_NOTE) if width <= NARROW else (TITLE, NOTE)
        lines = measurer.wrap(visible(title), points[0], room, bold=True)
        most = FEW_LINES if width <= NARROW else TITLE_LINES
        if len(lines) > most:
            lines[most - 1 :] = [lines[most - 1].rstrip("…") + "…"]
        shown = [visible(note) for note in notes if note]
        return cls(lines, _flowing(shown, points[1], room, measurer), points)

    @property
    def above(self) -> float:
        """Inches taken over the picture, the margin included."""
        return PAD + len(self.title) * self.points[0] / 72 * LEADING + (0.06 if self.title else 0)

    @property
    def below(self) -> float:
        """Inches taken under the picture, the margin included."""
        return PAD + len(self.notes) * self.points[1] / 72 * LEADING + (0.08 if self.notes else 0)

    def draw(self, canvas: Canvas) -> None:
        """Write the title at the top and the notes at the bottom of a canvas."""
        large, small = self.points
        for i, line in enumerate(self.title):
            canvas.write(PAD, PAD + (i + 0.5) * large / 72 * LEADING, line, large, bold=True)
        for i, line in enumerate(reversed(self.notes)):
            y = canvas.height - PAD - (i + 0.5) * small / 72 * LEADING
            canvas.write(PAD, y, line, small, color=GREY)


def _flowing(notes: Sequence[str], points: float, room: float, measurer: TextMeasurer) -> list[str]:
    """Notes one after another, each on one line where it can be."""
    lines: list[str] = []
    for note in dict.fromkeys(notes):
        joined = f"{lines[-1]}  ·  {note}" if lines else note
        if lines and measurer.size(joined, points)[0] <= room:
            lines[-1] = joined
        else:
            lines += measurer.wrap(note, points, room)
    return lines


def view_notes(views: Sequence[MatrixView]) -> Iterator[str]:
    """How views are read, and what must be said with each."""
    yield from dict.fromkeys(axes_note(view.kind) for view in views)
    hidden = {view.hidden for view in views}
    for view in views:
        of = f"{name_of(view)}: " if len(hidden) > 1 else ""
        left_out = hidden_note(view.hidden, sinks=view.sinks)
        yield from (of + note if note == left_out else note for note in matrix_notes(view))
        yield from longer_notes(view.longer)


def axes_note(kind: str) -> str:
    """What the two axes are."""
    if kind == "layers":
        return "layers down"
    if kind == "heads":
        return "layers down, heads across"
    return "target down, source across" if kind == "cross" else "queries down, keys across"


def thinned_note(steps: Sequence[int]) -> str:
    """Which heads are labelled, where not all are."""
    thinned = sorted({step for step in steps if step > 1})
    return f"every {' or '.join(map(ordinal, thinned))} head is labelled" if thinned else ""


def strongest_note(sides: Sequence[Side]) -> str:
    """Which tokens are labelled, where not all are."""
    return "" if all(side.whole for side in sides) else "only the strongest tokens are labelled"


def pooled_note(queries: int, keys: int) -> str:
    """What a pixel shows where several weights share it."""
    if queries == keys == 1:
        return ""
    return f"each pixel shows the largest of up to {queries} × {keys} weights"


def scale_note(scale: Scale) -> str:
    """How colours follow weights, and whether some lie beyond the scale."""
    if not scale.clipped:
        return f"{scale.name} scale"
    beyond = "further from 0 than" if scale.signed else "above"
    below = f", those below {short(scale.low)} the first" if scale.low > 0 else ""
    return f"{scale.name} scale; weights {beyond} {short(scale.high)} have the last colour{below}"
