"""The colours of a weight on a terminal, of as many as it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style

from attnviz.render.colour import LEVELS, Scale, few, is_dark, scale_of
from attnviz.render.style import Ground
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.result import FloatArray

Levels = npt.NDArray[np.int16]
NOTHING = -1  # the level of what is left blank

# Sixteen colours belong to the user's theme; the first eight keep their order of lightness in most.
FEW_16 = {"up": (0, 4, 6, 3, 7), "warm": (0, 1, 3), "cold": (0, 4, 6)}
DARK_16 = (0, 1, 4)
WHITE, BLACK = "#ffffff", "#000000"
FAINT: dict[Ground, str] = {"dark": "#8f8ca8", "light": "#7d7a92"}  # for what is almost nothing
ACCENT: dict[Ground, str] = {"dark": "#8f87f2", "light": "#453ab9"}  # for bars and names
ACCENT_16 = 5


@dataclass(frozen=True, slots=True)
class Shading:
    """A scale of colours on a screen: weights to levels, and levels to styles."""

    scale: Scale
    colour: Colour

    @classmethod
    def over(cls, weights: FloatArray, screen: Screen, signed: bool = False) -> Shading:
        """The scale that these weights have on this screen."""
        return cls(scale_of(screen.colouring, [weights], signed=signed), screen.colour)

    def levels(self, weights: FloatArray) -> Levels:
        """The level of each weight, int16 (…), below LEVELS."""
        return self.scale.levels(weights).astype(np.int16)

    def cell(self, level: int, *, bold: bool = False, faint: bool = False) -> Style | None:
        """The style of text on a ground of this level."""
        if self.colour is Colour.NONE or level == NOTHING:
            return None
        return _cell(level, self.scale, self.colour, bold, faint)

    def pixels(self, upper: int, lower: int) -> Style:
        """The style of an upper half block that shows one level above another."""
        return _pixels(upper, lower, self.scale, self.colour)

    @property
    def nothing(self) -> int:
        """The level of no weight."""
        return int(self.levels(np.zeros(1, np.float32))[0])

    def strip(self, cells: int) -> list[int]:
        """The levels of a legend this many cells long, lowest first."""
        return [round(x) for x in np.linspace(0, LEVELS - 1, cells)]


def accent(screen: Screen, *, bold: bool = False) -> Style | None:
    """The style of bars and names that must be seen on any ground."""
    if screen.colour is Colour.NONE:
        return None
    if screen.colour is Colour.STANDARD:
        return Style(color=Color.from_ansi(ACCENT_16), bold=bold or None)
    return Style(color=_exact(ACCENT[screen.colouring.ground], screen.colour), bold=bold or None)


def plain(screen: Screen, *, bold: bool = False, dim: bool = False) -> Style | None:
    """The terminal's own colours, made stronger or weaker."""
    return None if screen.colour is Colour.NONE else Style(bold=bold or None, dim=dim or None)


@lru_cache(maxsize=4096)
def _cell(level: int, scale: Scale, colour: Colour, bold: bool, faint: bool) -> Style:
    ground = _ground(level, scale, colour)
    if colour is Colour.STANDARD:
        ink = Color.from_ansi(7 if ground.number in DARK_16 else 0)
        return Style(color=ink, bgcolor=ground, bold=bold or None, dim=faint or None)
    name = FAINT[scale.ground] if faint else _readable_on(ground)
    return Style(color=_exact(name, colour), bgcolor=ground, bold=bold or None)


@lru_cache(maxsize=8192)
def _pixels(upper: int, lower: int, scale: Scale, colour: Colour) -> Style:
    over, under = (None if n == NOTHING else _ground(n, scale, colour) for n in (upper, lower))
    return Style(color=over, bgcolor=under)


@lru_cache(maxsize=1024)
def _ground(level: int, scale: Scale, colour: Colour) -> Color:
    if colour is Colour.TRUE:
        return Color.from_triplet(ColorTriplet(*scale.table[level].tolist()))
    numbers = _numbers(scale, colour)
    return Color.from_ansi(numbers[round(level / (LEVELS - 1) * (len(numbers) - 1))])


def _numbers(scale: Scale, colour: Colour) -> Sequence[int]:
    """The colours of a scale as a terminal of 256 or of 16 counts them, lowest first."""
    if colour is Colour.EIGHT_BIT:
        return few(scale.palette, scale.ground, signed=scale.signed)
    if scale.signed:
        cold, warm = FEW_16["cold"], FEW_16["warm"]
        if scale.ground == "light":
            return (*cold[1:], 7, *reversed(warm[1:]))
        return (*reversed(cold[1:]), *warm)
    return FEW_16["up"] if scale.ground == "dark" else FEW_16["up"][::-1]


def _exact(name: str, colour: Colour) -> Color:
    exact = Color.parse(name)
    return exact.downgrade(ColorSystem.EIGHT_BIT) if colour is Colour.EIGHT_BIT else exact


def _readable_on(ground: Color) -> str:
    """White or black, whichever has the higher contrast."""
    return WHITE if is_dark(np.array(ground.get_truecolor(), np.uint8)) else BLACK
