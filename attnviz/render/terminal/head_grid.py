"""Every head at once: small maps on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from rich.segment import Segments

from attnviz.render.sentences import counted, map_notes
from attnviz.render.terminal.axes import caption
from attnviz.render.terminal.lines import Cell, Line, footnotes, picture, row
from attnviz.render.terminal.palette import Scale, accent
from attnviz.render.terminal.pixels import explained, pixels, pooled
from attnviz.render.terminal.screen import Screen
from attnviz.result import AttentionMap, Head

LEAST, MOST, GAP = 12, 32, 2  # columns of one small map and between two
LONGEST_NAME = len("11.11")


def head_grid(
    attention: AttentionMap, screen: Screen, *, hidden: float = 0.0, merged: bool = False
) -> Segments:
    """All layers × heads as small maps labelled like 3.1, queries down and keys across."""
    layers, heads, _, keys = attention.weights.shape
    scale = Scale.over(attention.weights, screen.colour)
    across, step = _arrangement(heads, keys, screen.width)
    top = caption(f"{counted(layers, 'layer')} × {counted(heads, 'head')}", scale, screen)
    lines = [top]
    for layer in attention.layers:
        for n in range(0, heads, across):
            these = [Head(layer, head) for head in attention.heads[n : n + across]]
            lines += _strip(attention, these, step, scale, screen)
    below = [
        *explained(scale, step, screen),
        *footnotes(map_notes(hidden, merged, chain(*attention.axes)), screen),
    ]
    return picture([*lines, *below])


def _arrangement(heads: int, keys: int, width: int) -> tuple[int, int]:
    """How many maps stand side by side, evenly, and how many keys share one pixel."""
    least = min(max(keys, LONGEST_NAME), LEAST)
    fit = max(1, (width + GAP) // (least + GAP))
    rows = -(-heads // fit)
    across = -(-heads // rows)
    room = min((width + GAP) // across - GAP, MOST)
    return across, max(1, -(-keys // room))


def _strip(
    attention: AttentionMap, heads: Sequence[Head], step: int, scale: Scale, screen: Screen
) -> list[Line]:
    """Maps side by side, each under its name."""
    maps = [pixels(pooled(attention.head(head), step), scale, screen) for head in heads]
    drawn = -(-attention.weights.shape[3] // step)
    width = max(drawn, LONGEST_NAME) + GAP
    spare = Cell("", width - drawn)
    bold = accent(screen.colour, bold=True)
    names = row((Cell(str(head), width, bold) for head in heads), screen)
    return [names] + [
        row((cell for part in parts for cell in (*part, spare)), screen)
        for parts in zip(*maps, strict=True)
    ]
