"""Many heads as one image: small matrices in rows and columns, all on one scale."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.image import AxesImage

from attnviz.render.figure.canvas import RULE
from attnviz.render.figure.cells import Scale, resample
from attnviz.result import FloatArray

__all__ = ["Exact", "Mosaic", "paint"]

Pixels = npt.NDArray[np.uint8]


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
    inner = resample(weights, mosaic.height - 2, mosaic.width - 2)
    table = scale.colours(np.arange(256), bytes=True)
    steps = (inner - np.float32(scale.bottom)) * np.float32(255.99 / (scale.top - scale.bottom))
    tiles = table.take(np.clip(steps, 0, 255).astype(np.uint8), axis=0)
    line = np.array(to_rgba(RULE)) * 255
    high, wide = mosaic.height + mosaic.between, mosaic.width + mosaic.across
    canvas = np.full((mosaic.rows, high, mosaic.columns, wide, 4), 255, np.uint8)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, mosaic.columns)
        place = canvas[row, : mosaic.height, column, : mosaic.width]
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
