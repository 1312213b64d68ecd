"""The scale beside a picture: its colours, evenly, and the weights that some of them have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.render.colour import Scale
from attnviz.render.figure.canvas import GREY, Canvas, outline
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.numbers import short

POINTS = 7.0
APART = 1.2 * POINTS / 72  # inches between the middles of two numbers, at least
GAP, WIDTH, TICK = 0.14, 0.08, 0.05  # inches
LOWEST, HIGHEST = 0.5, 1.6


def bar_room(scale: Scale, measurer: TextMeasurer) -> float:
    """Inches that a bar takes at the right of a picture."""
    return GAP + WIDTH + TICK + measurer.width((_text(w, scale) for w in scale.ticks), POINTS)


def draw_bar(canvas: Canvas, scale: Scale, x: float, y: float, height: float) -> None:
    """Draw the bar right of x, from y down, no higher than it need be."""
    height = min(max(height, LOWEST), HIGHEST)
    axes = canvas.axes(x + GAP, y, WIDTH, height)
    axes.imshow(
        scale.table[::-1, None], aspect="auto", interpolation="nearest", extent=(0, 1, 0, 1)
    )
    outline(axes)
    for weight, level in _spread(scale, height):
        canvas.write(x + GAP + WIDTH + TICK, y + level, _text(weight, scale), POINTS, color=GREY)


def _spread(scale: Scale, height: float) -> list[tuple[float, float]]:
    """The weights to write beside a bar, and how many inches under its top, none too close."""
    half = POINTS / 72 / 2
    shares = scale.share(np.array(scale.ticks, np.float32)).tolist()
    levels = [min(max(height * (1 - share), half), height - half) for share in shares]
    placed = dict(zip(scale.ticks, levels, strict=True))
    kept = [scale.ticks[0], scale.ticks[-1]]
    for weight in reversed(scale.ticks[1:-1]):
        if _stands_apart(placed[weight], [placed[other] for other in kept]):
            kept.append(weight)
    return [(weight, placed[weight]) for weight in kept]


def _stands_apart(level: float, others: Sequence[float]) -> bool:
    return all(abs(level - other) >= APART for other in others)


def _text(weight: float, scale: Scale) -> str:
    return ("+" if scale.signed and weight > 0 else "") + short(weight)
