"""Attention on small matrices as a figure: each step with its matrices, a number in each cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from attnviz.analysis.explain.toy import Toy
from attnviz.render.colour import is_dark, table
from attnviz.render.explained_numbers import shape_of, signed
from attnviz.render.explained_toy import toy_heading, toy_notes, toy_steps
from attnviz.render.figure.canvas import GREY, INK, PAD, Canvas, outline
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.style import Style

DEFAULT = Style()
USUAL = 6.5  # inches across
POINTS = (7.0, 6.0, 5.0)
COLUMNS = (12, 8, 6, 5, 4, 3)  # of a matrix that are written out, at most
MOST_ROWS, PLACES = 8, 4
LONGEST_NAME = 0.8  # inches of a row's label
GAP, BETWEEN, ABOVE = 0.14, 0.3, 0.1  # inches between matrices, steps, and rows of steps
ROW, CELL = 1.6, 0.08  # of the points, and inches around a number
LIGHT = 0.55  # of a palette's arm, so that numbers can be read on it
Array = npt.NDArray[Any]


class _Matrix(NamedTuple):
    """The upper left corner of a matrix, written out; ``cut`` says whether columns are missing."""

    name: str
    labels: Sequence[str]
    values: Array
    entries: Sequence[Sequence[str]]
    cut: bool
    more: str


class _Step(NamedTuple):
    """A step: what stands over it, and its matrices side by side."""

    title: str
    formula: str
    matrices: Sequence[_Matrix]


class _Placed(NamedTuple):
    """A step and its upper left corner, in inches from that of all steps."""

    step: _Step
    x: float
    y: float


def toy_figure(toy: Toy, style: Style = DEFAULT) -> Figure:
    """Draw all steps, as many beside each other as the width has room for.

    Of a large matrix it is the upper left corner. Raises InputError for a size that is too small.
    """
    with plain_settings():
        return _Drawn(toy, style).draw()


class _Drawn:
    """The steps of a toy, laid out with the largest letters and most columns that fit."""

    def __init__(self, toy: Toy, style: Style) -> None:
        self.style = style
        self.width = style.size[0] if style.size else USUAL
        title, notes = style.heading(toy_heading(toy)), toy_notes(toy) if style.notes else []
        whole = [*_steps(toy, COLUMNS[0])]
        self.measurer = TextMeasurer([*_texts(whole), *notes, title, "…"], style.dpi, style.font)
        self.frame = Frame.around(title, notes, self.width, self.measurer)
        for columns in COLUMNS:
            for points in POINTS:
                self.points, self.row = points, points * ROW / 72
                self.placed = self._laid_out([*_steps(toy, columns)])
                if self.placed:
                    return
        raise no_room(style.size or (self.width, 0), "its matrices")

    def draw(self) -> Figure:
        """The figure: steps from left to right and from top to bottom."""
        height = self.frame.above + self._bottom(self.placed) + self.frame.below
        tall = self.style.size[1] if self.style.size else height
        canvas = Canvas(self.width, tall, self.style.dpi, self.measurer, self.style.ax)
        self.frame.draw(canvas)
        for placed in self.placed:
            self._draw_step(canvas, placed)
        return canvas.figure

    def _draw_step(self, canvas: Canvas, placed: _Placed) -> None:
        x, y = PAD + placed.x, self.frame.above + placed.y
        self._write(canvas, x, y + 0.5 * self.row, placed.step.title, bold=True)
        self._write(canvas, x, y + 1.5 * self.row, placed.step.formula, color=GREY)
        for matrix in placed.step.matrices:
            self._draw_matrix(canvas, matrix, x, y + 2.2 * self.row)
            x += self._width(matrix) + GAP

    def _draw_matrix(self, canvas: Canvas, matrix: _Matrix, x: float, y: float) -> None:
        """Its name, and a row of coloured numbers for each label."""
        self._write(canvas, x, y + 0.5 * self.row, matrix.name, color=GREY)
        left, cell = x + self._names(matrix), self._cell(matrix)
        n, width = len(matrix.entries), cell * len(matrix.entries[0])
        colours = _colours(matrix.values, self.style.palette)
        axes = canvas.axes(left, y + self.row, width, n * self.row)
        axes.imshow(colours, aspect="auto", interpolation="nearest")
        outline(axes)
        dark = is_dark(colours)
        for i, row in enumerate(matrix.entries):
            middle = y + (i + 1.5) * self.row
            name = self.measurer.elide(matrix.labels[i], self.points, LONGEST_NAME)
            self._write(canvas, left - 0.05, middle, name, color=GREY, align="right")
            for j, entry in enumerate(row):
                ink = "white" if dark[i, j] else INK
                right = left + (j + 1) * cell - CELL / 2
                self._write(canvas, right, middle, entry, color=ink, align="right")
            if matrix.cut:
                self._write(canvas, left + width + 0.03, middle, "…", color=GREY)
        if matrix.more:
            self._write(canvas, left, y + (n + 1.5) * self.row, matrix.more, color=GREY)

    def _laid_out(self, steps: Sequence[_Step]) -> list[_Placed]:
        """Every step at its place; none where there is no room."""
        room, placed = self.width - 2 * PAD, list[_Placed]()
        x = y = below = 0.0
        for step in chain.from_iterable(map(self._narrowed, steps)):
            width, height = self._size(step)
            if width > room:
                return []
            if x and x + width > room:
                x, y = 0.0, below
            placed.append(_Placed(step, x, y))
            x, below = x + width + BETWEEN, max(below, y + height + ABOVE)
        if self.style.size is None:
            return placed
        taken = self.frame.above + self._bottom(placed) + self.frame.below
        return placed if taken <= self.style.size[1] else []

    def _narrowed(self, step: _Step) -> list[_Step]:
        """The step or, where it is wider than the figure, its matrices one by one."""
        if self._size(step)[0] <= self.width - 2 * PAD:
            return [step]
        titles = [step.title, *[""] * (len(step.matrices) - 1)]
        return [
            _Step(title, step.formula if title else "", [matrix])
            for title, matrix in zip(titles, step.matrices, strict=True)
        ]

    def _bottom(self, placed: Sequence[_Placed]) -> float:
        return max(each.y + self._size(each.step)[1] for each in placed)

    def _size(self, step: _Step) -> tuple[float, float]:
        wide = sum(map(self._width, step.matrices)) + GAP * (len(step.matrices) - 1)
        over = self.measurer.width([step.title], self.points, bold=True)
        over = max(over, self.measurer.width([step.formula], self.points))
        rows = max(len(each.entries) + bool(each.more) for each in step.matrices)
        return max(wide, over), (3.2 + rows) * self.row

    def _width(self, matrix: _Matrix) -> float:
        cells = self._cell(matrix) * len(matrix.entries[0]) + 0.12 * matrix.cut
        return max(self._names(matrix) + cells, self.measurer.width([matrix.name], self.points))

    def _names(self, matrix: _Matrix) -> float:
        widest = self.measurer.width(matrix.labels, self.points)
        return min(widest, LONGEST_NAME) + (0.05 if widest else 0)

    def _cell(self, matrix: _Matrix) -> float:
        numbers = (entry for row in matrix.entries for entry in row)
        return self.measurer.width(numbers, self.points) + CELL

    def _write(self, canvas: Canvas, x: float, y: float, text: str, **how: Any) -> None:
        canvas.write(x, y, text, self.points, **how)


def _steps(toy: Toy, columns: int) -> Iterator[_Step]:
    """The steps with as many columns of each matrix as are to be written out."""
    for step in toy_steps(toy):
        matrices = [_matrix(*each, columns) for each in step.matrices]
        yield _Step(step.title, step.formula, matrices)


def _matrix(name: str, matrix: Array, labels: Sequence[str], columns: int) -> _Matrix:
    shown = matrix[:MOST_ROWS, :columns]
    entries = [
        [signed(value, PLACES) if np.isfinite(value) else "−∞" for value in row]
        for row in shown.tolist()
    ]
    left = len(matrix) - MOST_ROWS
    more = f"and {left} more rows" if left > 0 else ""
    names = [label.strip() for label in labels[:MOST_ROWS]]
    cut = matrix.shape[1] > columns
    return _Matrix(f"{name} ({shape_of(matrix)})", names, shown, entries, cut, more)


def _texts(steps: Sequence[_Step]) -> Iterator[str]:
    for step in steps:
        yield from (step.title, step.formula)
        for matrix in step.matrices:
            yield from (matrix.name, matrix.more, *matrix.labels)
            for row in matrix.entries:
                yield from row


def _colours(values: Array, palette: str) -> Array:
    """A colour of the palette around 0 for each number (row, column, 3); white where hidden."""
    finite = np.nan_to_num(values, neginf=0.0)
    top = float(np.abs(finite).max(initial=0)) or 1.0
    colours = table(palette, signed=True)
    middle = (len(colours) - 1) / 2
    found: Array = colours[np.round(middle * (1 + LIGHT * finite / top)).astype(int)]
    return found
