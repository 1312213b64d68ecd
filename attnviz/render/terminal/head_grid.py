"""Every head at once: small maps on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from rich.segment import Segments

from attnviz.render.cells import masked
from attnviz.render.sentences import counted, map_notes
from attnviz.render.terminal.axes import caption
from attnviz.render.terminal.colours import Shading, accent
from attnviz.render.terminal.lines import Cell, Line, footnotes, picture, row
from attnviz.render.terminal.pixels import Pixels, explained, pixels, pooled, pooled_mask
from attnviz.render.terminal.screen import Screen
from attnviz.result import AttentionMap, Head

LEAST, MOST, GAP = 12, 32, 2  # columns of one small map and between two
LONGEST_NAME = len("11.11")


def head_grid(
    attention: AttentionMap,
    screen: Screen,
    *,
    hidden: float = 0.0,
    merged: bool = False,
    kind: str = "encoder",
) -> Segments:
    """All layers × heads as small maps labelled like 3.1, queries down and keys across."""
    layers, heads, _, keys = attention.weights.shape
    signed = bool(attention.weights.min(initial=0) < 0)
    shading = Shading.over(attention.weights, screen, signed)
    across, step = _arrangement(heads, keys, screen.width)
    blank = masked(attention.weights, kind, same=attention.queries == attention.keys)
    small = pooled_mask(blank, step)
    lines = [caption(f"{counted(layers, 'layer')} × {counted(heads, 'head')}", shading, screen)]
    for layer in attention.layers:
        for n in range(0, heads, across):
            these = [Head(layer, head) for head in attention.heads[n : n + across]]
            maps = [
                pixels(pooled(attention.head(head), step), shading, screen, small) for head in these
            ]
            lines += _strip(these, maps, small.shape[1], screen)
    below = [
        *explained(shading, step, screen),
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


def _strip(heads: Sequence[Head], maps: Sequence[Pixels], drawn: int, screen: Screen) -> list[Line]:
    """Maps of so many columns side by side, each under its name."""
    width = max(drawn, LONGEST_NAME) + GAP
    spare = Cell("", width - drawn)
    bold = accent(screen, bold=True)
    names = row((Cell(str(head), width, bold) for head in heads), screen)
    return [names] + [
        row((cell for part in parts for cell in (*part, spare)), screen)
        for parts in zip(*maps, strict=True)
    ]
