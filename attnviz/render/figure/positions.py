"""Encodings of positions as a figure: each table and, of absolute ones, how alike rows are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from attnviz.analysis.explain.positions import Positions, PositionTable
from attnviz.errors import InputError
from attnviz.render.colour import Scale
from attnviz.render.figure.canvas import GREY, INK, PAD, Canvas, outline
from attnviz.render.figure.colorbar import bar_room, draw_bar
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.positions import heading, nothing, say_positions, scale_for
from attnviz.render.style import Style

DEFAULT = Style()
Array = npt.NDArray[Any]
USUAL, HIGH, LEAST = 6.5, 2.1, 0.6  # inches across, of a table, and what still shows something
LOW, NARROW = 1.1, 1.0  # inches of a table among many, down and across
FEW, MOST_ACROSS = 2, 3  # tables
TITLE, NOTE, TICK = 8.5, 7.0, 6.5  # points
HEAD, FOOT, SIDE, BETWEEN = 0.2, 0.3, 0.36, 0.3  # inches above, below and left of a table
TICKS = 6
STEPS = (1, 2, 5)


def position_figure(positions: Positions, style: Style = DEFAULT) -> Figure:
    """Draw every table, rows down and columns across; those of many layers side by side."""
    if not positions.tables:
        raise InputError(nothing(positions))
    with plain_settings():
        return _Drawn(positions, style).draw()


class _Drawn:
    """Tables below each other or, where they are relative, in a grid."""

    def __init__(self, positions: Positions, style: Style) -> None:
        self.tables, self.style = positions.tables, style
        self.width = style.size[0] if style.size else USUAL
        said = [say_positions(table) for table in self.tables]
        notes = [*_notes(self.tables)]
        title = style.heading(heading(positions))
        ticks = [
            str(tick) for table in self.tables for tick in (*table.rows, table.values.shape[1])
        ]
        wheres = [table.where for table in self.tables]
        words = [
            *wheres,
            *(one.title for one in said),
            "dimension",
            "position",
            "distance",
            "head",
            "pair",
        ]
        self.measurer = TextMeasurer(
            [*notes, title, *ticks, *words, "+−.0123456789", ALIKE], style.dpi, style.font
        )
        self.frame = Frame.around(title, notes if style.notes else [], self.width, self.measurer)
        self.scales = [scale_for(table, style.colouring) for table in self.tables]
        self.across = self._across()
        self.wide = (self.width - 2 * PAD + BETWEEN) / self.across - BETWEEN
        self.high = self._height()

    def draw(self) -> Figure:
        """All tables, each with its scale."""
        each = HEAD + self.high + FOOT
        height = self.frame.above + each * self._rows() + self.frame.below
        tall = self.style.size[1] if self.style.size else height
        canvas = Canvas(self.width, tall, self.style.dpi, self.measurer, self.style.ax)
        self.frame.draw(canvas)
        for number, table in enumerate(self.tables):
            down, right = divmod(number, self.across)
            x, y = PAD + right * (self.wide + BETWEEN), self.frame.above + down * each
            self._draw_table(canvas, table, self.scales[number], x, y)
        return canvas.figure

    def _draw_table(
        self, canvas: Canvas, table: PositionTable, scale: Scale, x: float, y: float
    ) -> None:
        bar = bar_room(scale, self.measurer)
        left, top = x + SIDE, y + HEAD
        beside = 0.0 if table.alike is None else self.high + SIDE + BETWEEN
        width = self.wide - SIDE - bar - beside
        if width < LEAST:
            raise no_room(self.style.size or (self.width, 0), "its tables")
        title = table.where if self.across > FEW else say_positions(table).title
        canvas.write(left, y + HEAD / 2, title, TITLE, color=INK, bold=True)
        self._draw_matrix(canvas, scale.colours(table.values.astype(np.float32)), left, top, width)
        draw_bar(canvas, scale, left + width, top, self.high)
        self._draw_ticks(canvas, table, left, top, width)
        if table.alike is not None:
            x = left + width + bar + BETWEEN + SIDE
            even = Scale(-1, 1, root=False, signed=True, clipped=False, palette=scale.palette)
            self._draw_matrix(
                canvas, even.colours(table.alike.astype(np.float32)), x, top, self.high
            )
            canvas.write(x, y + HEAD / 2, ALIKE, TITLE, color=INK, bold=True)
            self._draw_ticks(canvas, table, x, top, self.high, square=True)

    def _draw_matrix(
        self, canvas: Canvas, colours: Array, x: float, y: float, width: float
    ) -> None:
        axes = canvas.axes(x, y, width, self.high)
        axes.imshow(colours, aspect="auto", interpolation="nearest")
        outline(axes)

    def _draw_ticks(
        self, canvas: Canvas, table: PositionTable, x: float, y: float, width: float,
        *, square: bool = False,
    ) -> None:  # fmt: skip
        """Numbers at both axes, and what they count."""
        n, d = len(table.rows), len(table.rows) if square else table.values.shape[1]
        numbers = table.rows.tolist()
        for place in _ticks(numbers):
            at = y + (place + 0.5) / n * self.high
            row = str(table.rows[place]).replace("-", "−")
            canvas.write(x - 0.05, at, row, TICK, color=GREY, align="right")
        for place in _ticks(numbers if square else range(d)):
            number = str(table.rows[place] if square else place).replace("-", "−")
            at = x + (place + 0.5) / d * width
            canvas.write(at, y + self.high + 0.07, number, TICK, color=GREY, align="center")
        name = "position" if square else table.column
        where = x + width / 2, y + self.high + 0.18
        canvas.write(*where, name, TICK, color=GREY, align="center")
        if not square:
            down = "distance" if table.relative else "position"
            canvas.write(
                x - SIDE + 0.04, y + self.high / 2, down, TICK, color=GREY, align="center",
                turned=True,
            )  # fmt: skip

    def _across(self) -> int:
        """How many tables stand side by side: one where another square stands beside each."""
        if not self.tables[0].relative:
            return 1
        bar = max(bar_room(scale, self.measurer) for scale in self.scales)
        fitting = int((self.width - 2 * PAD + BETWEEN) / (SIDE + NARROW + bar + BETWEEN))
        return max(1, min(len(self.tables), MOST_ACROSS, fitting))

    def _rows(self) -> int:
        return -(-len(self.tables) // self.across)

    def _height(self) -> float:
        """The inches of a table."""
        if self.style.size is None:
            return HIGH if self._rows() <= FEW else LOW
        left = self.style.size[1] - self.frame.above - self.frame.below
        high = left / self._rows() - HEAD - FOOT
        if high < LEAST:
            raise no_room(self.style.size, "its tables")
        return min(high, (self.width - 2 * PAD) / 2.4)


ALIKE = "cosine of two positions"


def _notes(tables: Sequence[PositionTable]) -> Iterator[str]:
    """What is said of each table or, of many of one kind, of the one that adds most."""
    for kind in dict.fromkeys(table.kind for table in tables):
        alike = [table for table in tables if table.kind == kind]
        if len(alike) > FEW:
            most = max(alike, key=lambda table: float(np.abs(table.values).max(initial=0)))
            said = say_positions(most)
            yield f"{said.title}: {said.sentence}"
            yield f"{said.formula} [{said.source}]"
            continue
        for said in map(say_positions, alike):
            yield said.sentence
            yield f"{said.formula} [{said.source}]"


def _ticks(numbers: Sequence[int]) -> list[int]:
    """The places of round numbers, not many more than a few."""
    steps = (step * 10**power for power in range(6) for step in STEPS)
    step = next(step for step in steps if step * TICKS >= len(numbers) - 1)
    return [place for place, number in enumerate(numbers) if number % step == 0]
