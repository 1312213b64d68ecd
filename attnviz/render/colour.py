"""From weight to colour, for every medium: one scale, ready tables, and the ink to read on them."""

from __future__ import annotations

import json
import warnings
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import AttnvizWarning
from attnviz.render.style import Colouring, Ground
from attnviz.result import FloatArray

Pixels = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint8]

LEVELS = 256
EQUAL_CONTRAST = 0.179  # the luminance on which black and white have the same contrast
ROUNDED = 1e-3  # by which sums of weights may exceed 1
FAR = 10  # times the largest of numbers that have no end, such as norms, where a scale may end
PARTS = {"root": (0.0, 0.05, 0.25, 0.5, 1.0), "linear": (0.0, 0.25, 0.5, 0.75, 1.0)}


@dataclass(frozen=True, slots=True)
class Scale:
    """Which weight has which of the LEVELS colours: from ``low`` to ``high``.

    A signed one has no weight in its middle. On a scale of square roots, a weight of a quarter of
    the range is half way up; ``clipped`` says that there are weights beyond the ends.
    """

    low: float
    high: float
    root: bool
    signed: bool
    clipped: bool
    palette: str = "ink"
    ground: Ground = "light"

    def share(self, weights: FloatArray) -> FloatArray:
        """How far along the scale weights (…) are, 0 to 1; NaN is 0."""
        if self.signed:
            along = np.clip(np.nan_to_num(weights) / np.float32(self.high), -1, 1)
            curved = np.copysign(np.sqrt(np.abs(along)), along) if self.root else along
            return np.asarray((1 + curved) / 2, np.float32)
        width = np.float32(self.high - self.low)
        along = np.clip((np.nan_to_num(weights) - np.float32(self.low)) / width, 0, 1)
        return np.asarray(np.sqrt(along) if self.root else along, np.float32)

    def levels(self, weights: FloatArray) -> Pixels:
        """The rows of the table that weights (…) have: uint8 (…)."""
        return (self.share(weights) * (LEVELS - 1) + np.float32(0.5)).astype(np.uint8)

    def colours(self, weights: FloatArray) -> Pixels:
        """The colours of weights (…): uint8 (…, rgb)."""
        return self.table.take(self.levels(weights), axis=0)

    @property
    def table(self) -> Table:
        """The colours from the lowest to the highest weight, uint8 (LEVELS, rgb)."""
        return table(self.palette, self.ground, signed=self.signed)

    @property
    def ticks(self) -> Sequence[float]:
        """The weights to write beside the scale, lowest first."""
        if self.signed:
            return (-self.high, 0.0, self.high)
        width = self.high - self.low
        return tuple(self.low + part * width for part in PARTS["root" if self.root else "linear"])

    @property
    def name(self) -> str:
        """How the scale is called in a legend."""
        return "square root" if self.root else "linear"


def scale_of(colouring: Colouring, weights: Iterable[FloatArray], *, signed: bool = False) -> Scale:
    """One scale for all these weights, as a reader chose it.

    It ends at 0 and 1 (signed: at -1 and 1) unless the reader says where or asks for the largest
    weight; a weight above 1, which no softmax makes, moves the end. An AttnvizWarning tells of an
    end that the reader chose where no weight is: above 1, or far above the largest that exceeds 1.
    """
    lowest, highest = _extremes(weights)
    largest = max(highest, -lowest)
    usual = largest if colouring.scale == "fit" or largest > 1 + ROUNDED else 1.0
    low = colouring.vmin or 0.0
    high = (usual or 1.0) if colouring.vmax is None else colouring.vmax
    if colouring.vmin is not None or colouring.vmax is not None:
        _tell_of_ends((low, high), (-largest if signed else lowest, highest))
    if signed:
        low, high = -max(high, -low), max(high, -low)
        beyond = largest > high + ROUNDED
    else:
        high = high if high > low else low + 1.0
        beyond = highest > high + ROUNDED or bool(colouring.vmin and lowest < low)
    root = colouring.scale == "root"
    return Scale(low, high, root, signed, beyond, colouring.palette, colouring.ground)


def _tell_of_ends(ends: tuple[float, float], weights: tuple[float, float]) -> None:
    """Warn of a scale that begins or ends where none of these weights, lowest and highest, is."""
    (low, high), (lowest, highest) = ends, weights
    if high > 1 + ROUNDED >= highest or high > FAR * max(highest, 1):
        said = f"near {high:.3g}, where the scale of colours ends; take a smaller vmax"
    elif low < min(lowest, 0) - ROUNDED:
        said = f"near {low:.3g}, where the scale of colours begins; take a larger vmin"
    elif low > highest:
        said = f"above {low:.3g}, where the scale of colours begins; take a smaller vmin"
    else:
        return
    # Without numbers of its own it is said once, of however many pictures.
    warnings.warn(f"nothing here is {said}", AttnvizWarning, stacklevel=3)


def table(palette: str, ground: Ground = "light", *, signed: bool = False) -> Table:
    """The colours of a palette, uint8 (LEVELS, rgb): from none up or, signed, around none."""
    if not signed:
        return _table(palette, ground)
    if palette == "grey":
        return _table(palette, ground)[::-1]
    return np.concatenate([_table("ink", ground)[::-2], _table("warm", ground)[::2]])


def few(palette: str, ground: Ground = "light", *, signed: bool = False) -> Sequence[int]:
    """The same among a terminal's 256 colours: their numbers, as many as can be told apart."""
    numbers = _palettes()["few"]
    if not signed:
        return tuple(numbers[_key(palette, ground)])
    if palette == "grey":
        return tuple(reversed(numbers[_key(palette, ground)]))
    return (*reversed(numbers[_key("ink", ground)][1:]), *numbers[_key("warm", ground)])


def share_of_palette(palette: str, share: float) -> tuple[float, ...]:
    """The colour so far along a palette, red, green and blue from 0 to 1."""
    return tuple((table(palette)[round(share * (LEVELS - 1))] / 255).tolist())


def is_dark(colours: Pixels) -> npt.NDArray[np.bool_]:
    """Whether white reads better than black on colours uint8 (…, rgb), as WCAG measures it."""
    share = np.asarray(colours)[..., :3] / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    dark: npt.NDArray[np.bool_] = light @ np.array([0.2126, 0.7152, 0.0722]) < EQUAL_CONTRAST
    return dark


def palettes_text() -> str:
    """The file of all tables, which pages carry too."""
    return (files("attnviz.render") / "assets" / "palettes.json").read_text(encoding="utf-8")


def _extremes(weights: Iterable[FloatArray]) -> tuple[float, float]:
    lowest = highest = 0.0
    for array in weights:
        finite = array if np.isfinite(array).all() else array[np.isfinite(array)]
        lowest = min(lowest, float(finite.min(initial=0.0)))
        highest = max(highest, float(finite.max(initial=0.0)))
    return lowest, highest


@cache
def _palettes() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(palettes_text())
    return found


@cache
def _table(palette: str, ground: Ground) -> Table:
    packed = b64decode(_palettes()["tables"][_key(palette, ground)])
    return np.frombuffer(packed, np.uint8).reshape(LEVELS, 3)


def _key(palette: str, ground: Ground) -> str:
    """The name under which a palette is kept: some have a table for each ground."""
    both = f"{palette} {ground}"
    return both if both in _palettes()["tables"] else palette
