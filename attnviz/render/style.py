"""How a picture should look: what can be chosen about it, known before NumPy or matplotlib are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from attnviz.errors import InputError, quote
from attnviz.memory import require

Ground = Literal["light", "dark"]

PALETTES = {
    "ink": "from the ground to indigo; indigo to orange around 0",
    "grey": "from the ground to black or white, for print; black to white around 0",
    "viridis": "purple to yellow; indigo to orange around 0",
    "cividis": "blue to yellow; indigo to orange around 0",
    "magma": "black to cream; indigo to orange around 0",
}
SCALES = {
    "root": "by the square root of the weight, so that weak ones are seen too",
    "linear": "evenly",
    "fit": "evenly, up to the largest weight shown",
}
GROUNDS = ("light", "dark")
SIDES = (0.5, 100.0)  # inches
DENSITIES = (30, 2400)  # dots an inch
MOST_PIXELS = 200_000_000
LONGEST_SIDE = 60_000  # pixels; viewers and the drawing library give up not far above
BYTES_PER_PIXEL = 16  # of the picture, and of what it is drawn and written from


@dataclass(frozen=True, slots=True)
class Colouring:
    """How weights become colours: the palette, the scale and its ends, and the ground they lie on.

    ``vmin`` and ``vmax`` are the weights of the first and the last colour, 0 and 1 by default.
    """

    palette: str = "ink"
    scale: str = "root"
    vmin: float | None = None
    vmax: float | None = None
    ground: Ground = "light"

    def __post_init__(self) -> None:
        if self.palette not in PALETTES:
            raise InputError(_unknown("palette", self.palette, PALETTES))
        if self.scale not in SCALES:
            raise InputError(_unknown("scale", self.scale, SCALES))
        for end in self.vmin, self.vmax:
            if end is not None and not math.isfinite(end):
                raise InputError(f"a scale of colours cannot end at {end}; take a weight")
        if (self.vmin or 0.0) >= (math.inf if self.vmax is None else self.vmax):
            raise InputError(
                f"a scale of colours cannot go from {self.vmin or 0.0:g} to {self.vmax:g}; "
                "its end must be above its beginning"
            )


@dataclass(frozen=True, slots=True)
class Style:
    """What can be chosen about a picture; None leaves the choice to the picture.

    ``size`` is (width, height) in inches; ``title`` is True for the picture's own, False for
    none, or a text to put in its place; ``numbers`` writes the weights into the cells; ``notes``
    are the sentences under the picture; ``font`` is the name of an installed font for everything
    that it can write. ``ax`` are matplotlib Axes to draw into, which give size and density and lose
    their own lines. ``palette``, ``scale`` ("root", "linear" or "fit"), ``vmin`` and ``vmax`` say
    how weights become colours.
    """

    size: tuple[float, float] | None = None
    dpi: int = 200
    palette: str = "ink"
    scale: str = "root"
    vmin: float | None = None
    vmax: float | None = None
    title: bool | str = True
    numbers: bool | None = None
    notes: bool = True
    font: str | None = None
    ax: Any = None

    def __post_init__(self) -> None:
        if self.ax is not None:
            self._fit_axes()
        if not DENSITIES[0] <= self.dpi <= DENSITIES[1]:
            raise InputError(
                f"{self.dpi} dots an inch cannot be drawn; "
                f"take between {DENSITIES[0]} and {DENSITIES[1]}"
            )
        if self.size is not None:
            _require_drawable(*self.size, self.dpi)
        _ = self.colouring  # which refuses what is no colouring

    def _fit_axes(self) -> None:
        """Take size and density from the axes that the picture is to fill."""
        if not hasattr(self.ax, "get_window_extent"):
            raise InputError(f"ax takes matplotlib Axes to draw into, not {quote(self.ax)}")
        figure = self.ax.get_figure(root=True)
        box = self.ax.get_window_extent()
        object.__setattr__(self, "size", (box.width / figure.dpi, box.height / figure.dpi))
        object.__setattr__(self, "dpi", round(figure.dpi))

    @property
    def colouring(self) -> Colouring:
        """How weights become colours."""
        return Colouring(self.palette, self.scale, self.vmin, self.vmax)

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


def _unknown(what: str, name: str, known: dict[str, str]) -> str:
    from difflib import get_close_matches  # slow to load, and seldom needed

    close = get_close_matches(name, [*known, "gray", "sqrt"], n=1)
    instead = {"gray": "grey", "sqrt": "root"}.get(close[0], close[0]) if close else None
    meant = f"; did you mean '{instead}'?" if instead in known else ""
    return f"there is no {what} {quote(name)}, only {', '.join(known)}{meant}"
