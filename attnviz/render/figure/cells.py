"""One colour for every weight, drawn honestly where there are more weights than pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.colors import Colormap, Normalize

from attnviz.render.figure.palettes import choose
from attnviz.render.style import Style
from attnviz.result import FloatArray

__all__ = ["Scale", "decimals", "resample", "scale_of", "short", "written"]


MOST_DECIMALS = 6


class Scale(NamedTuple):
    """Which weight has which colour: from 0, or from -top if signed, to top."""

    top: float
    signed: bool
    clipped: bool
    colours: Colormap

    @property
    def bottom(self) -> float:
        """The weight of the first colour."""
        return -self.top if self.signed else 0.0

    @property
    def norm(self) -> Normalize:
        """The same as matplotlib wants it."""
        return Normalize(self.bottom, self.top)

    @property
    def note(self) -> str:
        """What a reader must know if the scale ends below the largest weight."""
        beyond = "further from 0 than" if self.signed else "above"
        return f"weights {beyond} {short(self.top)} have the last colour" if self.clipped else ""


def scale_of(weights: Iterable[FloatArray], style: Style, *, signed: bool) -> Scale:
    """One scale for all these weights, which ends at the largest unless the style says where."""
    largest = max((_largest(array) for array in weights), default=0.0) or 1.0
    top = style.top or largest
    return Scale(top, signed, largest > top, choose(style.palette, signed=signed))


def resample(weights: FloatArray, rows: int, columns: int) -> FloatArray:
    """Weights (…, query, key) as so many pixels.

    Where several weights share a pixel it shows the one that is furthest from 0, so that no
    strong weight is lost.
    """
    return _along(_along(weights, -2, rows), -1, columns)


def decimals(largest: float) -> int:
    """How many decimals to write where this is the largest weight: two, or for two digits."""
    return min(max(2, 1 - math.floor(math.log10(abs(largest)))), MOST_DECIMALS) if largest else 2


def written(weight: float, places: int) -> str:
    """A weight with so many decimals, and 0 for what rounds to it."""
    text = f"{weight:.{places}f}"
    return text.replace("-", "−") if float(text) else "0"


def short(value: float) -> str:
    """A weight as it is written beside a scale."""
    return written(value, decimals(value))


def _largest(array: FloatArray) -> float:
    finite = array[np.isfinite(array)] if not np.isfinite(array).all() else array
    return max(float(finite.max()), -float(finite.min())) if finite.size else 0.0


def _along(weights: FloatArray, axis: int, pixels: int) -> FloatArray:
    size = weights.shape[axis]
    places = np.arange(pixels) * size // pixels
    if pixels >= size:
        return weights if pixels == size else np.take(weights, places, axis=axis)
    highest: FloatArray = np.maximum.reduceat(weights, places, axis=axis)
    if weights.min() >= 0:
        return highest
    lowest: FloatArray = np.minimum.reduceat(weights, places, axis=axis)
    return np.where(highest >= -lowest, highest, lowest)
