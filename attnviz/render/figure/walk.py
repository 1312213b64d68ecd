"""A walk through one weight as a figure: from products to weights to effects, a key a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from attnviz.analysis.explain import Explanation, steps
from attnviz.render.colour import share_of_palette, table
from attnviz.render.explained import heading, say, walk_notes
from attnviz.render.explained_numbers import KeyTable, effects, ledger, scores, weighed
from attnviz.render.figure.canvas import GREY, INK, PAD, RULE, Canvas
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.style import Style

DEFAULT = Style()
USUAL, ROW, LOWEST_ROW, HIGHEST_ROW = 6.5, 0.21, 0.11, 0.34  # inches
POINTS = (8.0, 7.0, 6.0, 5.0)
LONGEST_NAME, LEAST_STRIP, BAR = 1.1, 0.5, 0.13  # inches; BAR of the width
GAP, HAIRLINE, FILLED = 0.09, 0.006, 0.72
SAID = ("scaling", "softmax", "contributions")  # steps whose sentences stand under the figure
SPARED = ("e^score", "score", "q·k")  # columns that narrow figures do without, in this order
WEIGHT, ADDS = 0.75, 40  # a place in the palette, and a colour of its other arm
Array = npt.NDArray[Any]


class _Column(NamedTuple):
    """Numbers of the keys and, where there is one, the bars beside them (0 to 1)."""

    name: str
    entries: Sequence[str]
    total: str = ""
    bars: Array | None = None


def walk_figure(walk: Explanation, style: Style = DEFAULT) -> Figure:
    """Draw the products of query and keys, and for each key all numbers up to what it adds."""
    with plain_settings():
        return _Drawn(walk, style).draw()


class _Drawn:
    """A walk, measured for a figure of one width."""

    def __init__(self, walk: Explanation, style: Style) -> None:
        self.walk, self.style = walk, style
        self.width = style.size[0] if style.size else USUAL
        first, last, ends = scores(walk), weighed(walk), effects(walk)
        self.keys = [row.key for row in first.rows]
        self.names = [row.name for row in first.rows]
        columns = _columns(walk, first, last, ends)
        said = [step.name for step in steps(walk)]
        notes = [*walk_notes(walk), *(say(name, walk).sentence for name in SAID if name in said)]
        notes += [
            "shapes: " + " → ".join(ledger(step.arrays) for step in steps(walk) if step.arrays)
        ]
        title, shown = style.heading(heading(walk)), notes if style.notes else []
        entries = [text for column in columns for text in (*column.entries, column.name)]
        self.measurer = TextMeasurer(
            [*self.names, *entries, *shown, title, "q", "key", "qᵢ kᵢ", "others", "…"],
            style.dpi,
            style.font,
        )
        self.frame = Frame.around(title, shown, self.width, self.measurer)
        self.row = self._row(len(self.keys) + 3)
        self.columns, self.points = self._fitting(columns)
        self.summed = any(column.total for column in self.columns)

    def _fitting(self, columns: Sequence[_Column]) -> tuple[Sequence[_Column], float]:
        """As many columns, and then as large letters, as there is room for."""
        for spared in range(len(SPARED) + 1):
            kept = [column for column in columns if column.name not in SPARED[:spared]]
            for points in POINTS:
                if points / 72 <= self.row and self._strip(points, kept) >= LEAST_STRIP:
                    return kept, points
        raise no_room(self.style.size or (self.width, 0), "its columns")

    def draw(self) -> Figure:
        """The figure: a row of headings, the query, the keys, and their sums."""
        rows = len(self.keys) + 2 + self.summed
        height = self.frame.above + self.row * rows + self.frame.below
        tall = self.style.size[1] if self.style.size else height
        canvas = Canvas(self.width, tall, self.style.dpi, self.measurer, self.style.ax)
        self.frame.draw(canvas)
        x = PAD + self._name_width(self.points) + GAP
        self._draw_products(canvas, x)
        x += self._strip(self.points, self.columns) + GAP
        for column in self.columns:
            x = self._draw_column(canvas, x, column)
        self._draw_rules(canvas)
        return canvas.figure

    def _draw_products(self, canvas: Canvas, x: float) -> None:
        """The names of the keys and, beside each, its products with the query as cells."""
        walk, width = self.walk, self._strip(self.points, self.columns)
        products = walk.products[self.keys]
        self._cells(canvas, x, 1, width, walk.query.vectors[0])
        for place, row in enumerate(products):
            self._cells(canvas, x, place + 2, width, row, float(np.abs(products).max()))
        self._write(canvas, PAD, 0, "key", color=GREY)
        self._write(canvas, x, 0, "qᵢ kᵢ", color=GREY)
        self._write(canvas, PAD, 1, "q", color=GREY)
        for place, name in enumerate(self.names):
            shown = self.measurer.elide(name, self.points, LONGEST_NAME)
            strongest = self.keys[place] == walk.strongest
            self._write(canvas, PAD, place + 2, shown, bold=strongest)

    def _draw_column(self, canvas: Canvas, x: float, column: _Column) -> float:
        """Numbers that end under their heading, and bars behind them; returns where it ends."""
        right = x + self._number_width(column, self.points)
        self._write(canvas, right, 0, column.name, color=GREY, align="right")
        for place, entry in enumerate(column.entries):
            bold = self.keys[place] == self.walk.strongest
            self._write(canvas, right, place + 2, entry, bold=bold, align="right")
        self._write(canvas, right, len(self.keys) + 2, column.total, bold=True, align="right")
        if column.bars is None:
            return right + GAP
        adds = column.name == "adds"
        dark = tuple((table(self.style.palette, signed=True)[-ADDS] / 255).tolist())
        colour = dark if adds else share_of_palette(self.style.palette, WEIGHT)
        for place, share in enumerate(column.bars.tolist()):
            y = self._top(place + 2) + self.row * (1 - FILLED) / 2
            canvas.box(right + GAP / 2, y, BAR * self.width * share, FILLED * self.row, colour)
        return right + GAP * 1.5 + BAR * self.width

    def _draw_rules(self, canvas: Canvas) -> None:
        for row in (1, 2, len(self.keys) + 2):
            canvas.box(PAD, self._top(row), self.width - 2 * PAD, HAIRLINE, RULE)
        if not self.summed:
            return
        total = len(self.walk.visible)
        others = total - len(self.keys)
        named = f"sum over {total}" if others else "sum"
        self._write(canvas, PAD, len(self.keys) + 2, named, bold=True)

    def _cells(
        self, canvas: Canvas, x: float, row: int, width: float, values: Array, top: float = 0.0
    ) -> None:
        """Numbers as a row of colours around 0."""
        top = top or float(np.abs(values).max()) or 1.0
        colours = table(self.style.palette, signed=True)
        levels = np.round((1 + np.clip(values / top, -1, 1)) / 2 * (len(colours) - 1)).astype(int)
        height = FILLED * self.row
        axes = canvas.axes(x, self._top(row) + (self.row - height) / 2, width, height)
        axes.imshow(colours[levels][None], aspect="auto", interpolation="nearest")

    def _write(self, canvas: Canvas, x: float, row: int, text: str, **how: Any) -> None:
        canvas.write(x, self._top(row) + self.row / 2, text, self.points, **{"color": INK, **how})

    def _top(self, row: int) -> float:
        return self.frame.above + row * self.row

    def _row(self, rows: int) -> float:
        """The inches of a row."""
        if self.style.size is None:
            return ROW
        left = self.style.size[1] - self.frame.above - self.frame.below
        if left / rows < LOWEST_ROW:
            raise no_room(self.style.size, "its keys")
        return min(left / rows, HIGHEST_ROW)

    def _strip(self, points: float, columns: Sequence[_Column]) -> float:
        """What is left of the width for products."""
        taken = sum(
            self._number_width(column, points) + GAP
            + (0 if column.bars is None else BAR * self.width + GAP / 2)
            for column in columns
        )  # fmt: skip
        return self.width - 2 * PAD - self._name_width(points) - 2 * GAP - taken

    def _name_width(self, points: float) -> float:
        widest = self.measurer.width([*self.names, "sum over 999"], points, bold=True)
        return min(widest, LONGEST_NAME)

    def _number_width(self, column: _Column, points: float) -> float:
        return self.measurer.width([column.name, *column.entries, column.total], points, bold=True)


def _columns(
    walk: Explanation, first: KeyTable, last: KeyTable, ends: KeyTable
) -> Sequence[_Column]:
    """From q·k to what a key adds."""

    def of(table: KeyTable, name: str, bars: Array | None = None) -> _Column:
        at = table.columns.index(name)
        total = table.total[at] if table.total else ""
        return _Column(name, [row.entries[at] for row in table.rows], total, bars)

    keys = [row.key for row in first.rows]
    norms = np.linalg.norm(walk.contributions, axis=1)
    return (
        of(first, "q·k"),
        of(last, "score"),
        of(last, "e^score"),
        of(last, "weight", walk.weights[keys]),
        of(ends, "adds", norms[keys] / (norms.max() or 1.0)),
    )
