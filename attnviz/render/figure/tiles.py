"""Cells of weights: one matrix, with its numbers where they can be read, or many as one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.image import AxesImage

from attnviz.analysis.answers import MatrixView
from attnviz.render.cells import resample, stretch
from attnviz.render.colour import Pixels, Scale, is_dark
from attnviz.render.figure.canvas import RULE, Canvas, outline
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.numbers import written
from attnviz.result import FloatArray

SEPARATED = 0.1  # inches; cells this large stand apart
MOST_TILES = 2500  # cells over which they are one image
LARGEST, SMALLEST = 7.5, 4.0  # points of digits
LEGIBLE = 6.0  # points under which nobody gets digits without asking
UNCLUTTERED = 400  # cells over which nobody gets digits without asking
FILLED = 0.84  # of a cell's width that digits may take

Size = tuple[float, float]


class Digits(NamedTuple):
    """How numbers are written into cells: their size in points, and how many decimals."""

    points: float
    places: int


def draw_tiles(
    canvas: Canvas, view: MatrixView, scale: Scale, corner: Size, cell: Size, digits: Digits | None
) -> None:
    """Draw a matrix from its upper left corner, with its numbers in the cells or without."""
    queries, keys = view.weights.shape
    axes = canvas.axes(*corner, keys * cell[0], queries * cell[1])
    axes.set(xlim=(-0.5, keys - 0.5), ylim=(queries - 0.5, -0.5))
    if min(cell) >= SEPARATED and view.weights.size <= MOST_TILES:
        _lay_tiles(axes, view.weights, scale)
    else:
        _paint(
            axes, view.weights, scale, keys * cell[0] * canvas.dpi, queries * cell[1] * canvas.dpi
        )
    outline(axes)
    if digits:
        _write_digits(canvas, view, scale, corner, cell, digits)


def shared_by(cell: float, dpi: int) -> int:
    """How many weights along one axis share a pixel, at most."""
    return int(np.ceil(1 / (cell * dpi))) if cell * dpi < 1 else 1


def fitting_digits(
    views: Sequence[MatrixView], places: int, cell: Size, measurer: TextMeasurer
) -> Digits | None:
    """The largest digits with which the numbers of all views fit their cells, if any do."""
    widest = _widest(views, places)
    points = LARGEST
    while points >= SMALLEST:
        width, height = measurer.size(widest, points)
        if width <= FILLED * cell[0] and height <= cell[1]:
            return Digits(points, places)
        points -= 0.5
    return None


def side_for_digits(views: Sequence[MatrixView], places: int, measurer: TextMeasurer) -> float:
    """The side in inches of square cells in which numbers can be read."""
    return 1.01 * measurer.size(_widest(views, places), LEGIBLE)[0] / FILLED


def uncluttered(views: Sequence[MatrixView]) -> bool:
    """Whether digits would help rather than clutter."""
    return all(view.weights.size <= UNCLUTTERED for view in views)


def _widest(views: Sequence[MatrixView], places: int) -> str:
    """The longest number that would stand in a cell."""
    extremes = [float(f(view.weights)) for view in views for f in (np.min, np.max)]
    return max((written(weight, places) for weight in extremes), key=len)


def _write_digits(
    canvas: Canvas, view: MatrixView, scale: Scale, corner: Size, cell: Size, digits: Digits
) -> None:
    dark = is_dark(scale.colours(view.weights))
    for (query, key), weight in np.ndenumerate(view.weights):
        said = written(float(weight), digits.places)
        if said == "0":
            continue
        canvas.write(
            corner[0] + (key + 0.5) * cell[0],
            corner[1] + (query + 0.5) * cell[1],
            said,
            digits.points,
            color="white" if dark[query, key] else "black",
            align="center",
        )


def _lay_tiles(axes: Axes, weights: FloatArray, scale: Scale) -> None:
    """Draw each cell as a rectangle of its own, with white between them."""
    queries, keys = weights.shape
    axes.pcolormesh(
        np.arange(keys + 1) - 0.5,
        np.arange(queries + 1) - 0.5,
        scale.colours(weights),
        edgecolors="white",
        linewidth=0.8,
    )


def _paint(axes: Axes, weights: FloatArray, scale: Scale, width: float, height: float) -> None:
    """Draw all cells as one image of so many pixels, or fewer."""
    queries, keys = weights.shape
    axes.imshow(
        scale.colours(resample(weights, min(queries, round(height)), min(keys, round(width)))),
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, keys - 0.5, queries - 0.5, -0.5),
    )


class Mosaic(NamedTuple):
    """Where thumbnails of width × height pixels stand in one image, hairline included.

    ``across`` and ``between`` are the pixels that separate columns and rows.
    """

    rows: int
    columns: int
    width: int
    height: int
    across: int
    between: int

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels (high, wide) of the whole image."""
        return (
            self.rows * (self.height + self.between) - self.between,
            self.columns * (self.width + self.across) - self.across,
        )

    def corner(self, i: int) -> tuple[int, int]:
        """The pixels right of and below the image's corner at which thumbnail i begins."""
        row, column = divmod(i, self.columns)
        return column * (self.width + self.across), row * (self.height + self.between)


def paint(weights: FloatArray, scale: Scale, mosaic: Mosaic) -> Pixels:
    """The weights (head, query, key) of every head as one image: (high, wide, rgba)."""
    high, wide = mosaic.height - 2, mosaic.width - 2
    small = resample(weights, min(high, weights.shape[-2]), min(wide, weights.shape[-1]))
    tiles = scale.table.take(stretch(scale.levels(small), high, wide), axis=0)
    line = np.frombuffer(bytes.fromhex(RULE[1:]), np.uint8)
    high, wide = mosaic.height + mosaic.between, mosaic.width + mosaic.across
    canvas = np.full((mosaic.rows, high, mosaic.columns, wide, 4), 255, np.uint8)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, mosaic.columns)
        place = canvas[row, : mosaic.height, column, : mosaic.width, :3]
        place[...] = line
        place[1:-1, 1:-1] = tile
    image = canvas.reshape(mosaic.rows * high, mosaic.columns * wide, 4)
    return image[: mosaic.shape[0], : mosaic.shape[1]]


class Exact(AxesImage):
    """An image that fills its axes, drawn pixel for pixel where it has just that many."""

    def __init__(self, axes: Axes, pixels: Pixels) -> None:
        high, wide = pixels.shape[:2]
        super().__init__(axes, interpolation="none", origin="upper", extent=(0, wide, high, 0))
        axes.set(xlim=(0, wide), ylim=(high, 0))
        self.set_data(pixels)
        axes.add_image(self)

    def make_image(
        self, renderer: RendererBase, magnification: float = 1.0, unsampled: bool = False
    ) -> tuple[Any, ...]:
        """The pixels as they are: resampling them would cost as much as all the rest."""
        box = self.get_window_extent(renderer)
        place = (round(box.height * magnification), round(box.width * magnification))
        pixels = np.asarray(self.get_array())
        if unsampled or place != pixels.shape[:2]:
            return tuple(super().make_image(renderer, magnification, unsampled))
        return pixels[::-1], round(box.x0), round(box.y0), None
