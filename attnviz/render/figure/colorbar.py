"""The scale beside a picture: its colours and the weights at their ends."""

from __future__ import annotations

import numpy as np

from attnviz.render.figure.canvas import GREY, Canvas, outline
from attnviz.render.figure.cells import Scale, short
from attnviz.render.figure.measure import TextMeasurer

__all__ = ["GAP", "LOWEST", "bar_room", "draw_bar"]

POINTS = 7.0
GAP, WIDTH, TICK = 0.14, 0.08, 0.05  # inches
LOWEST, HIGHEST = 0.5, 1.6


def bar_room(scale: Scale, measurer: TextMeasurer) -> float:
    """Inches that a bar takes at the right of a picture."""
    return GAP + WIDTH + TICK + measurer.width(_ends(scale), POINTS)


def draw_bar(canvas: Canvas, scale: Scale, x: float, y: float, height: float) -> None:
    """Draw the bar right of x, from y down, no higher than it need be."""
    height = min(max(height, LOWEST), HIGHEST)
    axes = canvas.axes(x + GAP, y, WIDTH, height)
    axes.imshow(
        np.linspace(1, 0, 256)[:, None],
        cmap=scale.colours,
        aspect="auto",
        interpolation="nearest",
        extent=(0, 1, scale.bottom, scale.top),
    )
    outline(axes)
    words = _ends(scale)
    for i, text in enumerate(words):
        inset = POINTS / 72 / 2 * (1 - 2 * i / (len(words) - 1))
        level = y + height * i / (len(words) - 1) + inset
        canvas.write(x + GAP + WIDTH + TICK, level, text, POINTS, color=GREY)


def _ends(scale: Scale) -> list[str]:
    """The weights that are written beside the bar, from its top down."""
    if scale.signed:
        return ["+" + short(scale.top), "0", short(-scale.top)]
    return [short(scale.top), "0"]
