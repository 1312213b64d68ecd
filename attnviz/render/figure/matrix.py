"""Matrices as heat maps: one, or several side by side on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.answers import MatrixView
from attnviz.errors import InputError
from attnviz.render.colour import scale_of
from attnviz.render.figure.canvas import NARROWEST, PAD, Canvas
from attnviz.render.figure.colorbar import bar_room, draw_bar
from attnviz.render.figure.frame import Frame, pooled_note, scale_note, strongest_note, view_notes
from attnviz.render.figure.layout import HEADING, HEADING_HEIGHT, Plan, fit, lay_out, natural_cell
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.figure.tiles import (
    LEGIBLE,
    Digits,
    draw_tiles,
    fitting_digits,
    shared_by,
    side_for_digits,
    uncluttered,
)
from attnviz.render.labels import name_of
from attnviz.render.numbers import decimals
from attnviz.render.safe import token_label, visible
from attnviz.render.sentences import matrix_notes
from attnviz.render.style import Style

LONGEST_LABEL = 1.6  # inches, where nobody gave a size
SHARE = 0.3  # of a given size that labels may take
LARGEST = 24.0  # inches for a matrix with digits
DEFAULT = Style()


def heat_map(view: MatrixView, style: Style = DEFAULT, *, title: str = "") -> Figure:
    """Draw one matrix: queries down, keys across, one scale of colours from 0."""
    return side_by_side([view], style, title=title)


def side_by_side(
    views: Sequence[MatrixView],
    style: Style = DEFAULT,
    *,
    title: str = "",
    per_row: int | None = None,
) -> Figure:
    """Draw several matrices in one picture, on one scale so that they can be compared.

    Signed ones, such as a difference, have a scale of their own around 0.
    """
    if not views:
        raise InputError("there is no matrix to draw")
    with plain_settings():
        return _Picture(list(views), style, title, per_row or _per_row(views, style.size)).draw()


class _Picture:
    """What stays the same while the size of the cells is looked for."""

    def __init__(self, views: list[MatrixView], style: Style, title: str, per_row: int) -> None:
        self.views, self.style, self.per_row = views, style, per_row
        self.title = style.heading(name_of(views[0]) if len(views) == 1 and not title else title)
        self.measurer = TextMeasurer([self.title, *_texts(views)], style.dpi, style.font)
        self.scales = {
            signed: scale_of(
                style.colouring, [p.weights for p in views if p.signed == signed], signed=signed
            )
            for signed in {view.signed for view in views}
        }
        self.places = decimals(max(float(np.abs(view.weights).max()) for view in views))
        self.bars = [self._bar_after(i) for i in range(len(views))]

    def draw(self) -> Figure:
        """Find the size of the cells, then draw everything in its place."""
        plan, frame, (width, height) = self._arrange()
        canvas = Canvas(width, height, self.style.dpi, self.measurer, self.style.ax)
        frame.draw(canvas)
        digits = self._digits(plan)
        for i, block in enumerate(plan.blocks):
            x, y = plan.place(i)
            corner = (x + PAD, y + frame.above)
            scale = self.scales[block.view.signed]
            draw_tiles(canvas, block.view, scale, corner, plan.cell, digits)
            if self.bars[i]:
                queries, keys = block.view.weights.shape
                right = corner[0] + keys * plan.cell[0]
                draw_bar(canvas, scale, right, corner[1], queries * plan.cell[1])
            _label(canvas, plan, i, corner)
        return canvas.figure

    def _arrange(self) -> tuple[Plan, Frame, tuple[float, float]]:
        size = self.style.size
        if size is not None:
            rows = -(-len(self.views) // self.per_row)
            limits = (SHARE * size[0] / self.per_row, SHARE * size[1] / rows)
            plan, frame = fit(
                lambda cell: self._plan(cell, limits), lambda plan: self._frame(plan, size[0]), size
            )
            return plan, frame, size
        plan = self._plan(self._natural_cell(), (LONGEST_LABEL, LONGEST_LABEL))
        width = max(plan.width + 2 * PAD, NARROWEST)
        frame = self._frame(plan, width)
        return plan, frame, (width, frame.above + plan.height + frame.below)

    def _plan(self, cell: tuple[float, float], limits: tuple[float, float]) -> Plan:
        rooms = [
            max(
                bar_room(self.scales[view.signed], self.measurer) if bar else 0.0
                for view, bar in list(zip(self.views, self.bars, strict=True))[c :: self.per_row]
            )
            for c in range(self.per_row)
        ]
        return lay_out(self.views, self.per_row, cell, limits, rooms, self.measurer)

    def _frame(self, plan: Plan, width: float) -> Frame:
        sides = [side for block in plan.blocks for side in (block.rows, block.columns) if side]
        notes = [
            *view_notes(self.views),
            *(scale_note(scale) for scale in self.scales.values()),
            strongest_note(sides),
            pooled_note(*(shared_by(side, self.style.dpi) for side in reversed(plan.cell))),
        ]
        shown = notes if self.style.notes else ()
        return Frame.around(self.title, shown, width, self.measurer)

    def _natural_cell(self) -> tuple[float, float]:
        queries = max(len(view.queries) for view in self.views)
        keys = max(len(view.keys) for view in self.views)
        width, height = natural_cell(queries, keys, self.per_row)
        if self.style.numbers:
            side = side_for_digits(self.views, self.places, self.measurer)
            width, height = max(width, side), max(height, side)
            if max(width * keys, height * queries) > LARGEST:
                raise InputError(
                    f"{queries} × {keys} numbers cannot be read in one picture; "
                    "leave --numbers out or choose fewer tokens"
                )
        return width, height

    def _digits(self, plan: Plan) -> Digits | None:
        """How the numbers in the cells are written, None for no numbers."""
        if self.style.numbers is False:
            return None
        digits = fitting_digits(self.views, self.places, plan.cell, self.measurer)
        if self.style.numbers is None:
            helps = digits and digits.points >= LEGIBLE and uncluttered(self.views)
            return digits if helps else None
        if digits is None:
            raise InputError(
                "numbers do not fit the cells of this picture; "
                "give it a larger --size or leave --numbers out"
            )
        return digits

    def _bar_after(self, i: int) -> bool:
        """Whether the scale stands right of a view: at a row's end, or before another scale."""
        last = (i + 1) % self.per_row == 0 or i + 1 == len(self.views)
        return last or self.views[i].signed != self.views[i + 1].signed


def _per_row(views: Sequence[MatrixView], size: tuple[float, float] | None) -> int:
    """How many views to put in a row, so that all together have the shape of the size."""
    if size is None:
        return len(views) if len(views) <= 3 else math.ceil(math.sqrt(len(views)))
    queries, keys = views[0].weights.shape
    fitting = math.sqrt(len(views) * size[0] / size[1] * queries / keys)
    return min(max(round(fitting), 1), len(views))


def _label(canvas: Canvas, plan: Plan, i: int, corner: tuple[float, float]) -> None:
    """Write the labels and the heading of matrix number i, whose corner is given."""
    block = plan.blocks[i]
    row = i // plan.per_row
    if block.rows:
        block.rows.draw_down(canvas, *corner, plan.cell[1])
    block.columns.draw_across(canvas, *corner, plan.cell[0])
    left = corner[0] - (block.rows.room if block.rows else 0.0)
    for j, line in enumerate(block.heading):
        level = corner[1] - plan.over(row) + (j + 0.4) * HEADING_HEIGHT
        canvas.write(left, level, line, HEADING, bold=True)


def _texts(views: Sequence[MatrixView]) -> list[str]:
    """Every text of the views, to choose fonts for."""
    labels = {token_label(token) for view in views for token in (*view.queries, *view.keys)}
    return [
        *labels,
        *(visible(text) for view in views for text in (name_of(view), *matrix_notes(view))),
        "−…·×",
    ]
