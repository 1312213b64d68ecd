"""The colours of a weight: one ramp for shares, one around zero for differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor, log10

import numpy as np
import numpy.typing as npt
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style

from attnviz.render.terminal.screen import Colour
from attnviz.result import FloatArray

# All ramps start at the same ink, so that a picture carries its own ground and reads the same on a
# light terminal and on a dark one. Lightness rises evenly in OKLCH.
RAMPS = {
    "share": bytes.fromhex(
        "121029 1e1d4c 282c73 1f478a 03639d 057f9e 0c9ba1 02b8a2 54d196 a5e273 f6ea4d"
    ),
    "loss": bytes.fromhex(
        "121029 191c46 192c65 0e3d85 08519b 0f66ac 1c86c6 3ea6d9 76c4e5 abe0f2 e6f9fe"
    ),
    "gain": bytes.fromhex(
        "121029 30143b 54143d 741936 8e272f a7391e bf5a12 d47c0b e2a032 efc361 fbe48d"
    ),
}
# The nearest of 256 colours would not rise evenly, so these are chosen by their lightness too.
RAMPS_256 = {
    "share": (233, 17, 18, 19, 25, 31, 37, 42, 77, 113, 149, 185, 227),
    "loss": (233, 17, 18, 25, 32, 38, 81, 117, 153, 195),
    "gain": (233, 52, 88, 124, 130, 166, 172, 178, 221, 229),
}
# Sixteen colours belong to the user's theme; the first eight keep their order of lightness in most.
RAMPS_16 = {"share": (0, 4, 6, 3, 7), "loss": (0, 4, 6), "gain": (0, 1, 3)}
DARK_16 = (0, 1, 4)

LEVELS = 64
WHITE, BLACK = b"\xff\xff\xff", b"\x00\x00\x00"
FAINT = b"\x76\x74\xa3"  # for a zero on the ink
ACCENT, ACCENT_16 = b"\x0f\x8f\x8f", 5  # for bars, which lie on the terminal's own ground


@dataclass(frozen=True, slots=True)
class Scale:
    """Weights to colours, from 0 (or -top, when signed) to top."""

    top: float
    colour: Colour
    signed: bool = False

    @classmethod
    def over(cls, weights: FloatArray, colour: Colour, signed: bool = False) -> Scale:
        """The scale that ends at the first round number above every weight."""
        return cls(round_up(float(np.abs(weights).max(initial=0.0))), colour, signed)

    def levels(self, weights: FloatArray) -> npt.NDArray[np.int64]:
        """The level of each weight, from -LEVELS to LEVELS."""
        share = np.nan_to_num(np.clip(weights / self.top, -1.0, 1.0))
        levels: npt.NDArray[np.int64] = np.rint(share * LEVELS).astype(np.int64)
        return levels

    def cell(self, level: int, *, bold: bool = False, faint: bool = False) -> Style | None:
        """The style of text on a ground of this level."""
        return (
            None
            if self.colour is Colour.NONE
            else _cell(level, self.signed, self.colour, bold, faint)
        )

    def pixels(self, upper: int, lower: int | None) -> Style:
        """The style of a half block that shows one level above another, or above nothing."""
        return _pixels(upper, lower, self.signed, self.colour)

    def strip(self, cells: int) -> list[int]:
        """The levels of a legend this many cells long, lowest first."""
        lowest = -LEVELS if self.signed else 0
        return [round(x) for x in np.linspace(lowest, LEVELS, cells)]


def round_up(weight: float) -> float:
    """The first of 1, 2, 3, 5 times a power of ten that is not below; at least 0.01, 1 for 0."""
    if not 0 < weight < float("inf"):
        return 1.0
    unit = 10.0 ** floor(log10(weight))
    steps = (unit * step for step in (1, 2, 3, 5, 10))
    return max(round(next(step for step in steps if weight <= step * 1.0001), 10), 0.01)


def accent(colour: Colour, *, bold: bool = False) -> Style | None:
    """The style of bars and names that must be seen on any ground."""
    if colour is Colour.NONE:
        return None
    paint = Color.from_ansi(ACCENT_16) if colour is Colour.STANDARD else _colour(ACCENT, colour)
    return Style(color=paint, bold=bold or None)


def plain(colour: Colour, *, bold: bool = False, dim: bool = False) -> Style | None:
    """The terminal's own colours, made stronger or weaker."""
    return None if colour is Colour.NONE else Style(bold=bold or None, dim=dim or None)


@lru_cache(maxsize=1024)
def _cell(level: int, signed: bool, colour: Colour, bold: bool, faint: bool) -> Style:
    ground = _ground(level, signed, colour)
    if colour is Colour.STANDARD:
        ink = Color.from_ansi(7 if ground.number in DARK_16 else 0)
        return Style(color=ink, bgcolor=ground, bold=bold or None, dim=faint or None)
    ink = _colour(FAINT if faint else _readable_on(ground), colour)
    return Style(color=ink, bgcolor=ground, bold=bold or None)


@lru_cache(maxsize=4096)
def _pixels(upper: int, lower: int | None, signed: bool, colour: Colour) -> Style:
    under = None if lower is None else _ground(lower, signed, colour)
    return Style(color=_ground(upper, signed, colour), bgcolor=under)


@lru_cache(maxsize=512)
def _ground(level: int, signed: bool, colour: Colour) -> Color:
    ramp = "share" if not signed else "loss" if level < 0 else "gain"
    share = abs(level) / LEVELS
    if colour is Colour.TRUE:
        return _colour(_mixed(RAMPS[ramp], share), colour)
    few = RAMPS_16[ramp] if colour is Colour.STANDARD else RAMPS_256[ramp]
    return Color.from_ansi(few[round(share * (len(few) - 1))])


def _mixed(stops: bytes, share: float) -> bytes:
    """The colour at a share of the way along a ramp of evenly spaced colours, three bytes each."""
    at = share * (len(stops) // 3 - 1)
    low = min(int(at), len(stops) // 3 - 2)
    near, far = stops[3 * low : 3 * low + 3], stops[3 * low + 3 : 3 * low + 6]
    return bytes(round(a + (b - a) * (at - low)) for a, b in zip(near, far, strict=True))


def _colour(rgb: bytes, colour: Colour) -> Color:
    exact = Color.from_triplet(ColorTriplet(*rgb))
    return exact.downgrade(ColorSystem.EIGHT_BIT) if colour is Colour.EIGHT_BIT else exact


def _readable_on(ground: Color) -> bytes:
    """White or black, whichever has the higher contrast."""
    red, green, blue = map(_linear, ground.get_truecolor())
    return WHITE if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 else BLACK


def _linear(value: int) -> float:
    """The light of an sRGB value, from 0 to 1."""
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
