"""A figure as a canvas: places in inches from its upper left corner."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from attnviz.errors import InputError
from attnviz.render.figure.label import Label
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import Picture
from attnviz.render.style import require_pixels

INK, GREY, MUTED, RULE = "#1d2733", "#66707c", "#8b95a1", "#c9d0d8"
Color = str | tuple[float, ...]
PAD = 0.12  # inches around everything
NARROWEST = 3.0  # inches for a picture that nobody gave a size, so that a title has room
MOST_ARTISTS = 20_000  # texts and shapes; each takes about a millisecond


class Canvas:
    """A figure of so many inches, or the axes of another, written on in a measurer's fonts."""

    def __init__(
        self,
        width: float,
        height: float,
        dpi: int,
        measurer: TextMeasurer,
        ax: Axes | None = None,
    ) -> None:
        self.width, self.height = round(width * dpi) / dpi, round(height * dpi) / dpi
        require_pixels(self.width, self.height, dpi)
        self.dpi = dpi
        self._n_artists = 0
        self._families = measurer.families
        self._left = self._bottom = 0.0  # inches from the figure's corner to the canvas's
        if ax is None:
            self.figure: Figure = Picture((self.width, self.height), dpi=dpi, facecolor="white")
            FigureCanvasAgg(self.figure)
        else:
            self.figure = ax.get_figure(root=True)  # type: ignore[assignment]
            box = ax.get_window_extent()
            self._left, self._bottom = box.x0 / self.figure.dpi, box.y0 / self.figure.dpi
            ax.set_axis_off()

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
            self._left + x,
            self._bottom + self.height - y,
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
                (self._left + x, self._bottom + self.height - y - height),
                width,
                height,
                color=color,
                linewidth=0,
                transform=self.figure.dpi_scale_trans,
            )
        ).set_clip_on(False)

    def curve(
        self, begin: tuple[float, float], end: tuple[float, float], points: float, color: Color
    ) -> None:
        """A line so many points wide from one place to another, level at both."""
        self._count()
        (x1, y1), (x2, y2) = (
            (self._left + x, self._bottom + self.height - y) for x, y in (begin, end)
        )
        middle = (x1 + x2) / 2
        path = Path(
            [(x1, y1), (middle, y1), (middle, y2), (x2, y2)], [Path.MOVETO, *[Path.CURVE4] * 3]
        )
        self.figure.add_artist(
            PathPatch(
                path,
                fill=False,
                edgecolor=color,
                linewidth=points,
                capstyle="round",
                transform=self.figure.dpi_scale_trans,
            )
        ).set_clip_on(False)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Bare axes with their upper left corner at (x, y)."""
        self._count()
        across, up = self.figure.get_size_inches()
        left, bottom = self._left + x, self._bottom + self.height - y - height
        axes = self.figure.add_axes((left / across, bottom / up, width / across, height / up))
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
