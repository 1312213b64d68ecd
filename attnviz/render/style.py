"""How a picture should look: the options of every figure, known before matplotlib is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.errors import InputError, quote
from attnviz.memory import require

__all__ = ["PALETTES", "Style", "require_pixels"]

PALETTES = {
    "ink": "white to dark blue; blue to orange around 0",
    "grey": "white to black, for print; black to white around 0",
    "viridis": "purple to yellow; blue to orange around 0",
    "cividis": "blue to yellow; blue to orange around 0",
    "magma": "black to cream; blue to orange around 0",
}
SIDES = (0.5, 100.0)  # inches
DENSITIES = (30, 2400)  # dots an inch
MOST_PIXELS = 200_000_000
LONGEST_SIDE = 60_000  # pixels; viewers and the drawing library give up not far above
BYTES_PER_PIXEL = 16  # of the picture, and of what it is drawn and written from


@dataclass(frozen=True, slots=True)
class Style:
    """What can be chosen about a picture; None leaves the choice to the picture.

    ``size`` is (width, height) in inches; ``title`` is True for the picture's own, False for
    none, or a text to put in its place; ``numbers`` writes the weights into the cells; ``top`` is
    the weight that takes the last colour, by default the largest one; ``font`` is the name of an
    installed font for everything that it can write.
    """

    size: tuple[float, float] | None = None
    dpi: int = 200
    palette: str = "ink"
    title: bool | str = True
    numbers: bool | None = None
    top: float | None = None
    font: str | None = None

    def __post_init__(self) -> None:
        if self.palette not in PALETTES:
            raise InputError(_unknown_palette(self.palette))
        if not DENSITIES[0] <= self.dpi <= DENSITIES[1]:
            raise InputError(
                f"{self.dpi} dots an inch cannot be drawn; "
                f"take between {DENSITIES[0]} and {DENSITIES[1]}"
            )
        if self.top is not None and not (math.isfinite(self.top) and self.top > 0):
            raise InputError(f"{self.top} cannot be the top of a scale; take a weight above 0")
        if self.size is not None:
            _require_drawable(*self.size, self.dpi)

    def heading(self, own: str) -> str:
        """The title to show over a picture that would call itself ``own``; empty for none."""
        if isinstance(self.title, str):
            return self.title
        return own if self.title else ""


def _require_drawable(width: float, height: float, dpi: int) -> None:
    if not (SIDES[0] <= width <= SIDES[1] and SIDES[0] <= height <= SIDES[1]):
        raise InputError(
            f"a picture of {width:g} × {height:g} inches cannot be drawn; "
            f"each side can be {SIDES[0]:g} to {SIDES[1]:g}"
        )
    if width * height * dpi * dpi > MOST_PIXELS:
        raise InputError(
            f"{width:g} × {height:g} inches at {dpi} dots an inch are over "
            f"{MOST_PIXELS // 1_000_000} million pixels; ask for fewer dots or a smaller size"
        )
    require_pixels(width, height, dpi)


def require_pixels(width: float, height: float, dpi: int) -> None:
    """Raise InputError or TooBig where a picture of so many inches is more than can be drawn."""
    pixels = width * height * dpi * dpi
    if pixels > MOST_PIXELS or max(width, height) * dpi > LONGEST_SIDE:
        raise InputError(
            f"this picture would be {width * dpi:,.0f} × {height * dpi:,.0f} pixels, more than "
            "can be drawn; choose less with --layer, --head or fewer texts, ask for fewer --dpi, "
            "or write a .html"
        )
    require(
        int(pixels * BYTES_PER_PIXEL),
        f"a picture of {pixels / 1e6:,.0f} million pixels",
        "ask for fewer --dpi or a smaller --size, or choose less with --layer or --head",
    )


def _unknown_palette(name: str) -> str:
    from difflib import get_close_matches  # slow to load, and seldom needed

    close = get_close_matches(name, [*PALETTES, "gray"], n=1)
    meant = f"; did you mean '{close[0].replace('gray', 'grey')}'?" if close else ""
    return f"there is no palette {quote(name)}, only {', '.join(PALETTES)}{meant}"
