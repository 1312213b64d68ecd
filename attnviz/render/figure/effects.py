"""The effect of a cut among those of its controls: a dot for each along one axis."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from attnviz.analysis.cuts import CutEffect
from attnviz.render.colour import share_of_palette
from attnviz.render.cuts import CAUSE, controls_name, cut_link, cut_sentences, moved_name
from attnviz.render.figure.canvas import GREY, INK, PAD, RULE, Canvas
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.numbers import short
from attnviz.render.safe import visible
from attnviz.render.style import Style

DEFAULT = Style()
USUAL, LOW, HIGH, LEAST = 6.5, 0.5, 1.3, 0.3  # inches: wide, and for the dots
MARGIN = 0.1  # inches beside the axis
DOTS = (0.11, 0.09, 0.07, 0.055, 0.04, 0.03)  # inches across
MARK, POINTS, NAME = 0.24, 7.5, 9.0  # inches over the dots, and points
HAIRLINE, TICK, ROW = 0.012, 0.05, 0.16  # inches
BOLDER = 1.15  # as wide as plain letters, at most
STRONG, WEAK = 0.75, 0.3  # places in the palette
LOCATOR = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])

DoubleArray = npt.NDArray[np.float64]


def cut_effect(found: CutEffect, style: Style = DEFAULT, *, title: str = "") -> Figure:
    """Draw what a cut moves as a line, and every control as a dot at what it moves.

    A dot with an edge is the link of the same word that is nearest in weight.
    """
    with plain_settings():
        return _Strip(found, style, title).draw()


class _Named(NamedTuple):
    """One line of the legend: a dot, a dot with an edge, or a line, and what it is."""

    sign: str
    text: str


def _legend(found: CutEffect) -> list[_Named]:
    if not len(found.others):
        return []
    lines = [_Named("dot", controls_name(found))]
    if found.nearest is not None:
        near = found.nearest
        said = f"{cut_link(found, near.cut)}, of weight {near.weight:.2f}: {short(near.effect)}"
        lines.append(_Named("edge", said))
    return [*lines, _Named("line", f"median {short(float(np.median(found.others)))}")]


def _ticks(found: CutEffect) -> list[float]:
    """Round numbers from 0 to beyond the largest effect."""
    largest = max(found.effect, float(found.others.max(initial=0.0))) or 1.0
    ticks = np.asarray(LOCATOR.tick_values(0.0, largest * 1.02))
    return [float(tick) for tick in ticks if tick >= 0]


class _Strip:
    """Dots over an axis, which is so many inches wide and ends at ``last``."""

    def __init__(self, found: CutEffect, style: Style, title: str) -> None:
        self.found, self.style = found, style
        self.legend, self.ticks = _legend(found), _ticks(found)
        self.last = self.ticks[-1]
        self.name = f"{cut_link(found)}  {short(found.effect)}"
        self.axis = f"how far {moved_name(found)} (1 − cosine)"
        heading = style.heading(title)
        said = [*cut_sentences(found), CAUSE] if style.notes else []
        texts = [heading, *said, *(one.text for one in self.legend), self.name, self.axis, "0.…"]
        self.measurer = TextMeasurer(map(visible, texts), style.dpi, style.font)
        width = style.size[0] if style.size else USUAL
        self.frame = Frame.around(heading, said, width, self.measurer)
        self.left, self.width = PAD + MARGIN, width - 2 * PAD - 3 * MARGIN
        self.top = self.frame.above + MARK
        self.high = self._height()
        self.canvas = Canvas(
            width, self.top + self.high + self._below, style.dpi, self.measurer, style.ax
        )
        self.strong, self.weak = (
            share_of_palette(style.palette, share) for share in (STRONG, WEAK)
        )

    def draw(self) -> Figure:
        """Draw everything in its place."""
        self.frame.draw(self.canvas)
        if len(self.found.others):
            self._draw_dots()
        self._draw_mark()
        self._draw_axis()
        self._draw_legend()
        return self.canvas.figure

    @property
    def _below(self) -> float:
        """Inches under the axis."""
        return ROW * (2.4 + len(self.legend)) + self.frame.below

    def _height(self) -> float:
        """Inches for the dots: what a given size leaves, or what the highest stack takes."""
        if self.style.size is None:
            levels = _levels(self._along(), DOTS[0]).max(initial=0.0) + 1
            return float(min(max(levels * DOTS[0] + MARGIN, LOW), HIGH))
        high = self.style.size[1] - self.top - self._below
        if high < LEAST or self.width < LEAST:
            raise no_room(self.style.size, "its dots")
        return high

    def _along(self) -> DoubleArray:
        """How far along the axis each control is, in inches."""
        return self.found.others / self.last * self.width

    def _x(self, effect: float) -> float:
        """Where an effect is, in inches from the left."""
        return self.left + self.width * effect / self.last

    @property
    def _bottom(self) -> float:
        """Where the axis is, in inches from the top."""
        return self.top + self.high

    def _draw_dots(self) -> None:
        """Stack a dot for each control, those that are near each other on top of each other."""
        along, others = self._along(), self.found.others
        across, up = stacked(along, self.high)
        near = self.found.nearest
        marked = None if near is None else int(np.abs(others - near.effect).argmin())
        order = sorted(range(len(others)), key=lambda at: at == marked)  # the marked one on top
        axes = self.canvas.axes(self.left, self.top, self.width, self.high)
        axes.set(xlim=(0, self.width), ylim=(0, self.high))
        edges = [INK if at == marked else "white" for at in order]
        self._dots(axes, along[order], up[order], across, edges)
        median = self._x(float(np.median(others)))
        self.canvas.box(median - HAIRLINE / 2, self.top, HAIRLINE, self.high, GREY)

    def _dots(
        self, axes: Axes, x: DoubleArray, y: DoubleArray, across: float, edges: list[str]
    ) -> None:
        size = (across * 72) ** 2
        axes.scatter(x, y, s=size, c=[self.weak], edgecolors=edges, linewidths=0.7, clip_on=False)

    def _draw_mark(self) -> None:
        """A line at the effect of the cut itself, with its name over it."""
        x = self._x(self.found.effect)
        self.canvas.box(x - HAIRLINE, self.top - 0.04, 2 * HAIRLINE, self.high + 0.04, self.strong)
        before = x > self.left + self.width / 2  # where there is more room
        room = x - self.left if before else self.left + self.width - x
        self.canvas.write(
            x + HAIRLINE if before else x - HAIRLINE,
            self.top - MARK / 2 - 0.03,
            self.measurer.elide(visible(self.name), NAME, room / BOLDER),
            NAME,
            align="right" if before else "left",
            bold=True,
        )

    def _draw_axis(self) -> None:
        """The line under the dots with its numbers, and what they are."""
        self.canvas.box(self.left, self._bottom, self.width, HAIRLINE, RULE)
        step = self._every()
        for tick in self.ticks[::step]:
            x = self._x(tick)
            self.canvas.box(x - HAIRLINE / 2, self._bottom, HAIRLINE, TICK, RULE)
            y = self._bottom + ROW * 0.85
            self.canvas.write(x, y, short(tick), POINTS, color=GREY, align="center")
        self._line(1.8, self.axis, INK, self.left)

    def _every(self) -> int:
        """Of how many ticks one has its number, so that they stand apart."""
        widest = self.measurer.width(map(short, self.ticks), POINTS) * 1.3
        return max(1, int(np.ceil(widest / (self.width / (len(self.ticks) - 1)))))

    def _draw_legend(self) -> None:
        """What dots and lines are, each on a line of its own."""
        side = DOTS[1]
        for row, one in enumerate(self.legend):
            y = self._bottom + ROW * (2.8 + row)
            if one.sign == "line":
                self.canvas.box(self.left + side / 2, y - ROW * 0.4, HAIRLINE, ROW * 0.8, GREY)
            else:
                axes = self.canvas.axes(self.left, y - side / 2, side, side)
                axes.set(xlim=(0, 1), ylim=(0, 1))
                middle = np.array([0.5])
                self._dots(axes, middle, middle, side, [INK if one.sign == "edge" else "white"])
            self._line(2.8 + row, one.text, GREY, self.left + 2 * side)

    def _line(self, row: float, text: str, color: str, x: float) -> None:
        """A line of text so many rows under the axis."""
        said = self.measurer.elide(visible(text), POINTS, self.canvas.width - PAD - x)
        self.canvas.write(x, self._bottom + ROW * row, said, POINTS, color=color)


def stacked(along: DoubleArray, high: float) -> tuple[float, DoubleArray]:
    """How large dots are that lie so far along, and how far up each (Wilkinson 1999).

    Dots in one bin, as wide as they are, stand on each other; where none is small enough for the
    highest stack, dots overlap.
    """
    for across in DOTS:
        levels = _levels(along, across)
        if (levels.max() + 1) * across <= high:
            break
    pitch = min(across, high / float(levels.max() + 1))
    return across, (levels + 0.5) * pitch


def _levels(along: DoubleArray, across: float) -> DoubleArray:
    """How many dots are under each one."""
    bins = np.floor(along / across).astype(int)
    levels = np.zeros(len(along))
    for one in np.unique(bins):
        inside = np.flatnonzero(bins == one)
        levels[inside[np.argsort(along[inside], kind="stable")]] = np.arange(len(inside))
    return levels
