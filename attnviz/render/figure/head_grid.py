"""Every head of every layer as a thumbnail: a grid of heads, on one scale, in one image."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from matplotlib.figure import Figure

from attnviz.analysis.answers import Longer
from attnviz.analysis.labels import Label
from attnviz.render.colour import scale_of
from attnviz.render.figure.canvas import GREY, NARROWEST, PAD, Canvas
from attnviz.render.figure.colorbar import LOWEST, bar_room, draw_bar
from attnviz.render.figure.frame import (
    Frame,
    axes_note,
    pooled_note,
    scale_note,
    thinned_note,
)
from attnviz.render.figure.layout import largest, no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.figure.side import SMALLEST, Labelling, Side, lay_across, lay_down
from attnviz.render.figure.tiles import Exact, Mosaic, paint, shared_by
from attnviz.render.labels import named_head, short_name
from attnviz.render.safe import token_label, visible
from attnviz.render.sentences import longer_notes, map_notes
from attnviz.render.style import Style
from attnviz.result import AttentionMap, Head, Token, Weighting

DEFAULT = Style()
DIGIT = re.compile(r"\d")
USUAL = 7.8  # inches for all columns of a grid that nobody gave a size
ALMOST = 0.75  # of a pixel: a grid rather grows than lets weights share pixels
SMALL, LARGE = 0.3, 1.6  # inches for a thumbnail of such a grid
ONE_LAYER, LABELLED = 2.0, 2.9  # inches for a thumbnail where there is but one row of heads
LONGEST_LABEL = 1.2  # inches
SHARE = 0.2  # of a given size that token labels may take
STRETCH = 1.5  # how far from square cells may be to fill a given size
LEAST = 8  # pixels of a thumbnail's longer side
NAMES = (6.5, 6.0, 5.5, 5.0, 4.5, 4.0)  # points
LEAST_LABEL = 5  # characters behind a name; fewer say nothing
NAME_GAP, AIR = 0.02, 0.06  # inches under a name, and between thumbnails

Size = tuple[float, float]


def head_grid(
    attention: AttentionMap,
    queries: Sequence[Token],
    keys: Sequence[Token],
    style: Style = DEFAULT,
    *,
    title: str = "",
    hidden: float = 0.0,
    sinks: bool = False,
    merged: bool = False,
    kind: str = "encoder",
    labels: Mapping[Head, Sequence[Label]] = MappingProxyType({}),
    longer: Longer | None = None,
    weighting: Weighting = "raw",
) -> Figure:
    """Draw every head of a map as a thumbnail named like 3.1: layers down, heads across.

    Behind a name stands what the head was found to do, as far as there is room.
    The heads of a single layer stand in several rows, with the tokens beside them if they fit.
    """
    notes = map_notes(hidden, merged, (*queries, *keys), weighting, sinks=sinks)
    said = (axes_note(kind), *notes, *longer_notes(longer))
    named = [named_head(head, labels, weighting) for head in attention.all_heads()]
    with plain_settings():
        return _HeadGrid(attention, queries, keys, style, title, said, named, weighting).draw()


class _Layout(NamedTuple):
    """A grid of heads in its size: thumbnails, token labels, names of heads, and frame.

    ``left`` and ``top`` are the inches from the canvas's corner to that of the mosaic; ``width``
    and ``height`` are those of a canvas that holds it all.
    """

    cell: Size
    mosaic: Mosaic
    rows: Side | None
    columns: Side | None
    points: float  # of the names
    every: int  # of how many columns one is named
    frame: Frame
    left: float
    top: float
    width: float
    height: float

    def stretched(self, size: Size, dpi: int) -> _Layout:
        """The same with thumbnails that fill a canvas of this size as far as they may."""
        old = self.mosaic
        wider = int((size[0] - self.width) * dpi / old.columns)
        higher = int((size[1] - self.height) * dpi / old.rows)
        width = old.width + min(wider, int((STRETCH - 1) * old.width))
        height = old.height + min(higher, int((STRETCH - 1) * old.height))
        cell = (
            self.cell[0] * (width - 2) / (old.width - 2),
            self.cell[1] * (height - 2) / (old.height - 2),
        )
        return self._replace(cell=cell, mosaic=old._replace(width=width, height=height))


class _HeadGrid:
    """What stays the same while the size of the thumbnails is looked for."""

    def __init__(
        self,
        attention: AttentionMap,
        queries: Sequence[Token],
        keys: Sequence[Token],
        style: Style,
        title: str,
        notes: Sequence[str],
        named: Sequence[str],
        weighting: Weighting,
    ) -> None:
        self.queries, self.keys, self.style, self.notes = queries, keys, style, notes
        self.named = named
        self.title = style.heading(title)
        self.names = [short_name(head, weighting) for head in attention.all_heads()]
        self.shapes = {DIGIT.sub("8", name) for name in self.names}  # fewer to measure
        self.weights = attention.weights.reshape(len(self.names), len(queries), len(keys))
        self.one_row = min(len(attention.layers), len(attention.heads)) == 1
        square = math.ceil(math.sqrt(len(self.names)))
        self.per_row = square if self.one_row else len(attention.heads)
        self.n_rows = math.ceil(len(self.names) / self.per_row)
        self.scale = scale_of(style.colouring, [self.weights], signed=bool(self.weights.min() < 0))
        shown = {token_label(token) for token in (*queries, *keys)} if self.one_row else set()
        texts = [visible(self.title), *shown, *named, *map(visible, notes), "…"]
        self.measurer = TextMeasurer(texts, style.dpi, style.font)

    def draw(self) -> Figure:
        """Find the size of the thumbnails, then draw everything in its place."""
        layout, size = self._arrange()
        canvas = Canvas(*size, self.style.dpi, self.measurer, self.style.ax)
        layout.frame.draw(canvas)
        x, y = (round(inches * canvas.dpi) / canvas.dpi for inches in (layout.left, layout.top))
        high, wide = (pixels / canvas.dpi for pixels in layout.mosaic.shape)
        Exact(canvas.axes(x, y, wide, high), paint(self.weights, self.scale, layout.mosaic))
        self._write(canvas, layout, x, y)
        draw_bar(canvas, self.scale, x + wide, y, high)
        return canvas.figure

    def _write(self, canvas: Canvas, layout: _Layout, x: float, y: float) -> None:
        """Write the names of the heads and, beside the outer thumbnails, the tokens."""
        for i, name in enumerate(self.names):
            right, down = (pixels / canvas.dpi for pixels in layout.mosaic.corner(i))
            row, column = divmod(i, self.per_row)
            over = NAME_GAP + (layout.columns.room if layout.columns and row == 0 else 0.0)
            if column % layout.every == 0:
                at = (x + right, y + down - over)
                wide = layout.mosaic.width / canvas.dpi
                said = self.named[i] if layout.every == 1 else name
                said = self.measurer.elide(said, layout.points, wide)
                said = said if len(said) >= len(name) + LEAST_LABEL else name
                canvas.write(*at, said, layout.points, color=GREY, level="bottom")
            if layout.columns and row == 0:
                layout.columns.draw_across(canvas, x + right, y, layout.cell[0])
            if layout.rows and column == 0:
                layout.rows.draw_down(canvas, x, y + down, layout.cell[1])

    def _arrange(self) -> tuple[_Layout, Size]:
        size = self.style.size
        if size is None:
            layout = self._layout(self._natural_cell(), (LONGEST_LABEL, LONGEST_LABEL), NARROWEST)
            return layout, (max(layout.width, NARROWEST), layout.height)
        limits = (SHARE * size[0], SHARE * size[1])

        def attempt(side: float) -> _Layout | None:
            layout = self._layout((side, side), limits, size[0])
            return layout if layout.width <= size[0] and layout.height <= size[1] else None

        best = largest(attempt, max(size))
        if best is None or max(best.mosaic.width, best.mosaic.height) < LEAST:
            raise no_room(size, f"{len(self.names)} heads")
        return best.stretched(size, self.style.dpi), size

    def _layout(self, cell: Size, limits: Size, narrowest: float) -> _Layout:
        """The grid with cells of this size in inches, on a canvas at least so wide."""
        dpi = self.style.dpi
        wide, high = (
            max(1, round(side * len(tokens) * dpi))
            for side, tokens in zip(cell, (self.keys, self.queries), strict=True)
        )
        rows, columns = self._sides(cell, limits)
        points, every = self._naming(wide / dpi)
        named = self.measurer.height(self.shapes, points) + NAME_GAP
        mosaic = Mosaic(
            self.n_rows,
            self.per_row,
            wide + 2,
            high + 2,
            round(AIR * dpi),
            round((AIR + named) * dpi),
        )
        left = PAD + (rows.room if rows else 0.0)
        width = left + mosaic.shape[1] / dpi + bar_room(self.scale, self.measurer) + PAD
        notes = [
            *self.notes,
            scale_note(self.scale),
            thinned_note([every]),
            pooled_note(*(shared_by(side, dpi) for side in reversed(cell))),
        ]
        frame = Frame.around(
            self.title, notes if self.style.notes else (), max(width, narrowest), self.measurer
        )
        top = frame.above + named + (columns.room if columns else 0.0)
        height = top + max(LOWEST, mosaic.shape[0] / dpi) + frame.below
        return _Layout(cell, mosaic, rows, columns, points, every, frame, left, top, width, height)

    def _sides(self, cell: Size, limits: Size) -> tuple[Side | None, Side | None]:
        """The tokens beside the outer thumbnails, where one layer's heads leave them room."""
        if not self.one_row or min(cell) * 72 < SMALLEST:
            return None, None
        down = Labelling(self.queries, cell[1], limits[0], self.measurer)
        across = Labelling(self.keys, cell[0], limits[1], self.measurer)
        if down.points is None or across.points is None:
            return None, None
        return lay_down(self.queries, down), lay_across(self.keys, across)

    def _naming(self, wide: float) -> tuple[float, int]:
        """The size of the names in points, and how many thumbnails one name takes the room of."""
        for points in NAMES:
            if self.measurer.width(self.shapes, points) <= wide:
                return points, 1
        return NAMES[-1], math.ceil(self.measurer.width(self.shapes, NAMES[-1]) / (wide + AIR))

    def _natural_cell(self) -> Size:
        """Square cells of whole pixels, or weights that share pixels in equal numbers."""
        most = max(len(self.queries), len(self.keys))
        target = min(max(USUAL / self.per_row, SMALL), LARGE)
        if self.one_row:
            target = min(max(ONE_LAYER, most * SMALLEST / 72 * 1.02), LABELLED)
        pixels = target * self.style.dpi / most
        whole = max(round(pixels), 1) if pixels >= ALMOST else 1 / math.ceil(1 / pixels)
        side = whole / self.style.dpi
        return side, side
