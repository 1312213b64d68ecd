"""A figure as a canvas: places in inches from its upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from attnviz.errors import InputError
from attnviz.render.figure.label import Label
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import Picture
from attnviz.render.safe import visible
from attnviz.render.style import require_pixels

__all__ = [
    "GREY",
    "INK",
    "MUTED",
    "NARROWEST",
    "PAD",
    "RULE",
    "Canvas",
    "Frame",
    "outline",
]

INK, GREY, MUTED, RULE = "#1d2733", "#66707c", "#8b95a1", "#c9d0d8"
Color = str | tuple[float, ...]
PAD = 0.12  # inches around everything
NARROWEST = 3.0  # inches for a picture that nobody gave a size, so that a title has room
TITLE, NOTE = 10.0, 7.0  # points
LEADING = 1.3
TITLE_LINES = 3
MOST_ARTISTS = 20_000  # texts and shapes; each takes about a millisecond


class Canvas:
    """A figure of so many inches, written on in the fonts of a measurer."""

    def __init__(self, width: float, height: float, dpi: int, measurer: TextMeasurer) -> None:
        self.width, self.height = round(width * dpi) / dpi, round(height * dpi) / dpi
        require_pixels(self.width, self.height, dpi)
        self.dpi = dpi
        self._n_artists = 0
        self.figure = Picture((self.width, self.height), dpi=dpi, facecolor="white")
        FigureCanvasAgg(self.figure)
        self._families = measurer.families

    def write(
        self,
        x: float,
        y: float,
        text: str,
        points: float,
        *,
        color: str = INK,
        align: str = "left",
        level: str = "center",
        bold: bool = False,
        turned: bool = False,
    ) -> Label:
        """Put a text where it begins, ends or has its middle; turned, it reads upwards."""
        self._count()
        written = Label(
            x,
            self.height - y,
            text,
            fontsize=points,
            fontfamily=self._families,
            fontweight="bold" if bold else "normal",
            color=color,
            horizontalalignment=align,
            verticalalignment=level,
            rotation=90 if turned else 0,
            rotation_mode="anchor",
            transform=self.figure.dpi_scale_trans,
        )
        self.figure.add_artist(written)
        written.set_clip_on(False)
        return written

    def box(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        """Fill a rectangle whose upper left corner is (x, y)."""
        self._count()
        self.figure.add_artist(
            Rectangle(
                (x, self.height - y - height),
                width,
                height,
                color=color,
                linewidth=0,
                transform=self.figure.dpi_scale_trans,
            )
        ).set_clip_on(False)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Bare axes with their upper left corner at (x, y)."""
        self._count()
        axes = self.figure.add_axes(
            (
                x / self.width,
                1 - (y + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )
        axes.set_axis_off()
        return axes

    def _count(self) -> None:
        """Raise InputError where a picture would hold more than anybody waits for."""
        self._n_artists += 1
        if self._n_artists > MOST_ARTISTS:
            raise InputError(
                f"this picture would hold more than {MOST_ARTISTS:,} texts and shapes; "
                "choose less with --layer, --head or fewer texts, or write a .html"
            )


def outline(axes: Axes) -> None:
    """A hairline around axes, so that white cells do not run into the paper."""
    axes.add_patch(
        Rectangle(
            (0, 0),
            1,
            1,
            transform=axes.transAxes,
            fill=False,
            edgecolor=RULE,
            linewidth=0.6,
            zorder=5,
        )
    ).set_clip_on(False)


class Frame(NamedTuple):
    """What stands over and under a picture: its title and, small and grey, its notes."""

    title: Sequence[str]
    notes: Sequence[str]

    @classmethod
    def around(
        cls, title: str, notes: Sequence[str], width: float, measurer: TextMeasurer
    ) -> Frame:
        """Break title and notes into lines for a picture of this width in inches."""
        room = width - 2 * PAD
        lines = measurer.wrap(visible(title), TITLE, room, bold=True)
        if len(lines) > TITLE_LINES:
            lines[TITLE_LINES - 1 :] = [lines[TITLE_LINES - 1].rstrip("…") + "…"]
        return cls(lines, _flowing([visible(note) for note in notes if note], room, measurer))

    @property
    def above(self) -> float:
        """Inches taken over the picture, the margin included."""
        return PAD + len(self.title) * TITLE / 72 * LEADING + (0.06 if self.title else 0)

    @property
    def below(self) -> float:
        """Inches taken under the picture, the margin included."""
        return PAD + len(self.notes) * NOTE / 72 * LEADING + (0.08 if self.notes else 0)

    def draw(self, canvas: Canvas) -> None:
        """Write the title at the top and the notes at the bottom of a canvas."""
        for i, line in enumerate(self.title):
            y = PAD + (i + 0.5) * TITLE / 72 * LEADING
            canvas.write(PAD, y, line, TITLE, bold=True)
        for i, line in enumerate(reversed(self.notes)):
            y = canvas.height - PAD - (i + 0.5) * NOTE / 72 * LEADING
            canvas.write(PAD, y, line, NOTE, color=GREY)


def _flowing(notes: Sequence[str], room: float, measurer: TextMeasurer) -> list[str]:
    """Notes one after another, each on one line where it can be."""
    lines: list[str] = []
    for note in dict.fromkeys(notes):
        joined = f"{lines[-1]}  ·  {note}" if lines else note
        if lines and measurer.size(joined, NOTE)[0] <= room:
            lines[-1] = joined
        else:
            lines += measurer.wrap(note, NOTE, room)
    return lines
