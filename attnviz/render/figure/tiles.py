"""One matrix: its cells, the lines between them and, where they can be read, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from attnviz.analysis.answers import MatrixView
from attnviz.render.figure.canvas import INK, Canvas, outline
from attnviz.render.figure.cells import Scale, resample, written
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.palettes import readable_in_white
from attnviz.result import FloatArray

__all__ = [
    "LEGIBLE",
    "Digits",
    "draw_tiles",
    "fitting_digits",
    "shared_by",
    "side_for_digits",
    "uncluttered",
]

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
    light = readable_in_white(scale.colours(scale.norm(view.weights)))
    causal = view.kind == "decoder" and tuple(view.queries) == tuple(view.keys)
    for (query, key), weight in np.ndenumerate(view.weights):
        if causal and key > query and weight == 0:
            continue  # the mask forbids it, which is not the same as a weight of 0
        canvas.write(
            corner[0] + (key + 0.5) * cell[0],
            corner[1] + (query + 0.5) * cell[1],
            written(float(weight), digits.places),
            digits.points,
            color="white" if light[query, key] else INK,
            align="center",
        )


def _lay_tiles(axes: Axes, weights: FloatArray, scale: Scale) -> None:
    """Draw each cell as a rectangle of its own, with white between them."""
    queries, keys = weights.shape
    axes.pcolormesh(
        np.arange(keys + 1) - 0.5,
        np.arange(queries + 1) - 0.5,
        weights,
        cmap=scale.colours,
        norm=scale.norm,
        edgecolors="white",
        linewidth=0.8,
    )


def _paint(axes: Axes, weights: FloatArray, scale: Scale, width: float, height: float) -> None:
    """Draw all cells as one image of so many pixels, or fewer."""
    queries, keys = weights.shape
    axes.imshow(
        resample(weights, min(queries, round(height)), min(keys, round(width))),
        cmap=scale.colours,
        norm=scale.norm,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, keys - 0.5, queries - 0.5, -0.5),
    )
