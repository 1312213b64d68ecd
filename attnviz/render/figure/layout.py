"""Where matrices stand in a picture: the largest cells for which every label has its room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from attnviz.analysis.answers import MatrixView
from attnviz.errors import InputError
from attnviz.render.figure.canvas import PAD
from attnviz.render.figure.colorbar import LOWEST
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.side import Labelling, Side, lay_across, lay_down
from attnviz.render.labels import name_of
from attnviz.render.safe import visible

Found = TypeVar("Found")
HALVINGS = 14
AXES = ("queries", "keys")

HEADING = 8.5  # points
HEADING_HEIGHT = HEADING / 72 * 1.35
BETWEEN = 0.22  # inches between views
LARGEST_CELL, LABELLED_CELL = 0.42, 0.072  # inches; in the latter the smallest labels fit
USUAL, WIDEST = 6.5, 12.0  # inches for a matrix that nobody gave a size
LEAST = 0.3  # inches; a matrix smaller than that shows nothing
STRETCH = 1.5  # how far from square cells may be to fill a given size
SMALL_CELL = 0.2  # inches; cells that stay smaller may have any shape
SKEWED = 4  # times as many tokens on one axis as on the other


class Block(NamedTuple):
    """One view with its labels; no ``rows`` where those of its neighbour serve it too."""

    view: MatrixView
    heading: Sequence[str]
    rows: Side | None
    columns: Side


class Plan(NamedTuple):
    """Views in rows of so many, all with cells of the same width and height in inches.

    ``bars`` says for each column of views what the scales at its right take.
    """

    blocks: Sequence[Block]
    per_row: int
    cell: tuple[float, float]
    bars: Sequence[float]

    @property
    def width(self) -> float:
        """Inches that all views take."""
        return sum(self.left(c) + self.matrix_width(c) + self.bars[c] for c in self._columns) + (
            BETWEEN * (self.per_row - 1)
        )

    @property
    def height(self) -> float:
        """Inches that all views take."""
        return sum(self.over(r) + self.matrix_height(r) for r in self._rows) + BETWEEN * (
            len(self._rows) - 1
        )

    def left(self, column: int) -> float:
        """Inches for the labels left of a column of views."""
        return max(b.rows.room if b.rows else 0.0 for b in self.blocks[column :: self.per_row])

    def over(self, row: int) -> float:
        """Inches for headings and labels over a row of views."""
        blocks = self.row(row)
        headings = max(len(block.heading) for block in blocks) * HEADING_HEIGHT
        return headings + max(block.columns.room for block in blocks)

    def matrix_width(self, column: int) -> float:
        """Inches for the matrices of a column of views."""
        return self.cell[0] * self.keys(column)

    def matrix_height(self, row: int) -> float:
        """Inches for the matrices of a row of views, or for the scale at their side."""
        return max(LOWEST, self.cell[1] * self.queries(row))

    def row(self, row: int) -> Sequence[Block]:
        """The views of a row."""
        return self.blocks[row * self.per_row : (row + 1) * self.per_row]

    def keys(self, column: int) -> int:
        """How many keys the widest view of a column has."""
        return max(len(block.view.keys) for block in self.blocks[column :: self.per_row])

    def queries(self, row: int) -> int:
        """How many queries the highest view of a row has."""
        return max(len(block.view.queries) for block in self.row(row))

    def place(self, i: int) -> tuple[float, float]:
        """The upper left corner of matrix number i, in inches from that of the plan."""
        row, column = divmod(i, self.per_row)
        x = sum(self.left(c) + self.matrix_width(c) + self.bars[c] + BETWEEN for c in range(column))
        y = sum(self.over(r) + self.matrix_height(r) + BETWEEN for r in range(row))
        return x + self.left(column), y + self.over(row)

    def stretched(self, width: float, height: float) -> Plan:
        """The same with cells that fill the size as far as they may."""
        wider = (width - self.width) / sum(map(self.keys, self._columns))
        higher = (height - self.height) / sum(map(self.queries, self._rows))
        most = max(STRETCH * max(self.cell), SMALL_CELL)
        cell = (
            max(self.cell[0], min(self.cell[0] + wider, most)),
            max(self.cell[1], min(self.cell[1] + higher, most)),
        )
        return self._replace(cell=cell)

    @property
    def _columns(self) -> range:
        return range(self.per_row)

    @property
    def _rows(self) -> range:
        return range(-(-len(self.blocks) // self.per_row))


def natural_cell(queries: int, keys: int, views: int) -> tuple[float, float]:
    """Cells where nobody asked for a size: large, but in no too large a picture.

    They are square, except where one axis is much longer than the other.
    """
    most = max(queries, keys * views)
    side = min(max(USUAL * views**0.5 / most, LABELLED_CELL), LARGEST_CELL, WIDEST / most)
    width = max(side, min(SMALL_CELL, USUAL / keys)) if queries > SKEWED * keys else side
    height = max(side, min(SMALL_CELL, USUAL / queries)) if keys > SKEWED * queries else side
    return width, height


def lay_out(
    views: Sequence[MatrixView],
    per_row: int,
    cell: tuple[float, float],
    limits: tuple[float, float],
    bars: Sequence[float],
    measurer: TextMeasurer,
) -> Plan:
    """Labels for cells of this size, no wider or higher than the limits."""
    blocks = []
    queries, keys = ([t for view in views for t in getattr(view, axis)] for axis in AXES)
    down = Labelling(queries, cell[1], limits[0], measurer)
    across = Labelling(keys, cell[0], limits[1], measurer)
    for i, view in enumerate(views):
        shared = i % per_row > 0 and view.queries == views[i - 1].queries
        rows = None if shared else lay_down(view.queries, down, _strength(view, 1))
        columns = lay_across(view.keys, across, _strength(view, 0))
        room = cell[0] * len(view.keys) + (rows.room if rows else 0.0)
        title = visible(name_of(view)) if len(views) > 1 else ""
        heading = measurer.wrap(title, HEADING, max(room, LEAST), bold=True)
        blocks.append(Block(view, heading, rows, columns))
    return Plan(blocks, per_row, cell, bars)


def _strength(view: MatrixView, axis: int) -> Sequence[float]:
    """The largest weight of each key (axis 0) or query (axis 1) with a token that is not special.

    Special tokens themselves come last.
    """
    queries, keys = (np.array([t.special for t in side]) for side in (view.queries, view.keys))
    weights = np.where(queries[:, None] if axis == 0 else keys[None], 0, np.abs(view.weights))
    strongest = weights.max(axis=axis, initial=0.0)
    found: list[float] = np.where(keys if axis == 0 else queries, -1.0, strongest).tolist()
    return found


def fit(
    plan_for: Callable[[tuple[float, float]], Plan],
    frame_for: Callable[[Plan], Frame],
    size: tuple[float, float],
) -> tuple[Plan, Frame]:
    """The plan with the largest cells for which everything fits the size in inches."""
    width = size[0] - 2 * PAD

    def attempt(side: float) -> tuple[Plan, Frame] | None:
        plan = plan_for((side, side))
        frame = frame_for(plan)
        height = size[1] - frame.above - frame.below
        fits = plan.width <= width and plan.height <= height
        return (plan.stretched(width, height), frame) if fits else None

    best = largest(attempt, max(size))
    if best is None or not _shows_something(best[0]):
        raise no_room(size, "its labels")
    return best


def _shows_something(plan: Plan) -> bool:
    view = plan.blocks[0].view
    most = max(len(view.keys) * plan.cell[0], len(view.queries) * plan.cell[1])
    return most >= LEAST


def largest(attempt: Callable[[float], Found | None], highest: float) -> Found | None:
    """What ``attempt`` returns for the largest size, up to the highest, that is not None."""
    best = None
    low, high = 0.0, highest
    for _ in range(HALVINGS):
        size = (low + high) / 2
        found = attempt(size)
        if found is None:
            high = size
        else:
            best, low = found, size
    return best


def no_room(size: tuple[float, float], what: str) -> InputError:
    """The error for a size in inches in which something does not fit."""
    return InputError(
        f"a picture of {size[0]:g} × {size[1]:g} inches has no room for {what}; "
        "give it a larger --size"
    )
