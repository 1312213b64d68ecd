"""Matrices as heat maps: one, or several side by side on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from attnviz.errors import InputError
from attnviz.render.figure.bar import bar_room, draw_bar
from attnviz.render.figure.cells import decimals, scale_of
from attnviz.render.figure.grid import HEADING, HEADING_HEIGHT, Plan, fit, lay_out, natural_cell
from attnviz.render.figure.notes import panel_notes, pooled_note, thinned_note
from attnviz.render.figure.ruler import Ruler
from attnviz.render.figure.sheet import NARROWEST, PAD, Frame, Sheet, plain_settings
from attnviz.render.figure.tiles import (
    LEGIBLE,
    Digits,
    draw_tiles,
    fitting_digits,
    shared_by,
    side_for_digits,
    uncluttered,
)
from attnviz.render.safe import label, visible
from attnviz.render.style import Style
from attnviz.result import Panel

__all__ = ["heat_map", "side_by_side"]

LONGEST_LABEL = 1.6  # inches, where nobody gave a size
SHARE = 0.3  # of a given size that labels may take
LARGEST = 24.0  # inches for a matrix with digits
DEFAULT = Style()


def heat_map(panel: Panel, style: Style = DEFAULT) -> Figure:
    """Draw one matrix: queries down, keys across, one scale of colours from 0."""
    return side_by_side([panel], style)


def side_by_side(
    panels: Sequence[Panel],
    style: Style = DEFAULT,
    *,
    title: str = "",
    per_row: int | None = None,
) -> Figure:
    """Draw several matrices in one picture, on one scale so that they can be compared.

    Signed ones, such as a difference, have a scale of their own around 0.
    """
    if not panels:
        raise InputError("there is no matrix to draw")
    with plain_settings():
        return _Picture(list(panels), style, title, per_row or _per_row(panels, style.size)).draw()


class _Picture:
    """What stays the same while the size of the cells is looked for."""

    def __init__(self, panels: list[Panel], style: Style, title: str, per_row: int) -> None:
        self.panels, self.style, self.per_row = panels, style, per_row
        self.title = style.heading(panels[0].title if len(panels) == 1 and not title else title)
        self.ruler = Ruler([self.title, *_texts(panels)], style.dpi, style.font)
        self.scales = {
            signed: scale_of(
                [p.weights for p in panels if p.signed == signed], style, signed=signed
            )
            for signed in {panel.signed for panel in panels}
        }
        self.places = max(decimals(scale.top) for scale in self.scales.values())
        self.bars = [self._bar_after(i) for i in range(len(panels))]

    def draw(self) -> Figure:
        """Find the size of the cells, then draw everything in its place."""
        plan, frame, (width, height) = self._arrange()
        sheet = Sheet(width, height, self.style.dpi, self.ruler)
        frame.draw(sheet)
        digits = self._digits(plan)
        for i, block in enumerate(plan.blocks):
            x, y = plan.place(i)
            corner = (x + PAD, y + frame.above)
            scale = self.scales[block.panel.signed]
            draw_tiles(sheet, block.panel, scale, corner, plan.cell, digits)
            if self.bars[i]:
                queries, keys = block.panel.weights.shape
                right = corner[0] + keys * plan.cell[0]
                draw_bar(sheet, scale, right, corner[1], queries * plan.cell[1])
            _label(sheet, plan, i, corner)
        return sheet.figure

    def _arrange(self) -> tuple[Plan, Frame, tuple[float, float]]:
        size = self.style.size
        if size is not None:
            rows = -(-len(self.panels) // self.per_row)
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
                bar_room(self.scales[panel.signed], self.ruler) if bar else 0.0
                for panel, bar in list(zip(self.panels, self.bars, strict=True))[c :: self.per_row]
            )
            for c in range(self.per_row)
        ]
        return lay_out(self.panels, self.per_row, cell, limits, rooms, self.ruler)

    def _frame(self, plan: Plan, width: float) -> Frame:
        sides = [side for block in plan.blocks for side in (block.rows, block.columns) if side]
        notes = [
            *panel_notes(self.panels),
            *(scale.note for scale in self.scales.values()),
            thinned_note([side.step for side in sides]),
            pooled_note(*(shared_by(side, self.style.dpi) for side in reversed(plan.cell))),
        ]
        return Frame.around(self.title, notes, width, self.ruler)

    def _natural_cell(self) -> tuple[float, float]:
        queries = max(len(panel.queries) for panel in self.panels)
        keys = max(len(panel.keys) for panel in self.panels)
        width, height = natural_cell(queries, keys, self.per_row)
        if self.style.numbers:
            side = side_for_digits(self.panels, self.places, self.ruler)
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
        digits = fitting_digits(self.panels, self.places, plan.cell, self.ruler)
        if self.style.numbers is None:
            helps = digits and digits.points >= LEGIBLE and uncluttered(self.panels)
            return digits if helps else None
        if digits is None:
            raise InputError(
                "numbers do not fit the cells of this picture; "
                "give it a larger --size or leave --numbers out"
            )
        return digits

    def _bar_after(self, i: int) -> bool:
        """Whether the scale stands right of a panel: at a row's end, or before another scale."""
        last = (i + 1) % self.per_row == 0 or i + 1 == len(self.panels)
        return last or self.panels[i].signed != self.panels[i + 1].signed


def _per_row(panels: Sequence[Panel], size: tuple[float, float] | None) -> int:
    """How many panels to put in a row, so that all together have the shape of the size."""
    if size is None:
        return len(panels) if len(panels) <= 3 else math.ceil(math.sqrt(len(panels)))
    queries, keys = panels[0].weights.shape
    fitting = math.sqrt(len(panels) * size[0] / size[1] * queries / keys)
    return min(max(round(fitting), 1), len(panels))


def _label(sheet: Sheet, plan: Plan, i: int, corner: tuple[float, float]) -> None:
    """Write the labels and the heading of matrix number i, whose corner is given."""
    block = plan.blocks[i]
    row = i // plan.per_row
    if block.rows:
        block.rows.draw_down(sheet, *corner, plan.cell[1])
    block.columns.draw_across(sheet, *corner, plan.cell[0])
    left = corner[0] - (block.rows.room if block.rows else 0.0)
    for j, line in enumerate(block.heading):
        level = corner[1] - plan.over(row) + (j + 0.4) * HEADING_HEIGHT
        sheet.write(left, level, line, HEADING, bold=True)


def _texts(panels: Sequence[Panel]) -> list[str]:
    """Every text of the panels, to choose fonts for."""
    tokens = {token.text for panel in panels for token in (*panel.queries, *panel.keys)}
    return [
        *map(label, tokens),
        *(visible(text) for panel in panels for text in (panel.title, *panel.notes)),
        "−…·×",
    ]
