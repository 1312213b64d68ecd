"""Every head at once: small maps on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from rich.segment import Segments

from attnviz.analysis.labels import Label
from attnviz.render.cells import masked
from attnviz.render.labels import first_found, matrices, short_name
from attnviz.render.numbers import counted
from attnviz.render.sentences import map_notes
from attnviz.render.terminal.axes import caption
from attnviz.render.terminal.colours import Shading, accent, plain
from attnviz.render.terminal.lines import Cell, Line, footnotes, picture, row
from attnviz.render.terminal.measure import fit
from attnviz.render.terminal.pixels import Pixels, explained, pixels, pooled, pooled_mask
from attnviz.render.terminal.screen import Screen
from attnviz.result import AttentionMap, Head, Weighting

LEAST, MOST, GAP = 12, 32, 2  # columns of one small map and between two
LONGEST_NAME = len("11.11")

Name = tuple[str, str]
"""What a head is called, and what it was found to do."""


def head_grid(
    attention: AttentionMap,
    screen: Screen,
    *,
    hidden: float = 0.0,
    sinks: bool = False,
    merged: bool = False,
    kind: str = "encoder",
    labels: Mapping[Head, Sequence[Label]] = MappingProxyType({}),
    weighting: Weighting = "raw",
) -> Segments:
    """All layers × heads as small maps labelled like 3.1, queries down and keys across.

    Under its name stands what a head was found to do, as far as there is room.
    """
    layers, heads, _, keys = attention.weights.shape
    signed = bool(attention.weights.min(initial=0) < 0)
    shading = Shading.over(attention.weights, screen, signed)
    across, step = _arrangement(heads, keys, screen.width)
    blank = masked(attention.weights, kind, same=attention.queries == attention.keys)
    small = pooled_mask(blank, step)
    across_all = matrices(weighting) == "layer"
    of_heads = "" if across_all else f" × {counted(heads, 'head')}"
    size = counted(layers, "layer") + of_heads
    named = attention.all_heads()
    lines = [caption(counted(heads, "head") if attention.picked else size, shading, screen)]
    for first in range(0, len(named), heads):
        for n in range(first, first + heads, across):
            these = named[n : min(n + across, first + heads)]
            maps = [
                pixels(pooled(attention.head(head), step), shading, screen, small) for head in these
            ]
            names = [
                (short_name(one, weighting), first_found(one, labels, weighting)) for one in these
            ]
            lines += _strip(names, maps, small.shape[1], screen)
    notes = map_notes(hidden, merged, chain(*attention.axes), weighting, sinks=sinks)
    below = [
        *explained(shading, step, screen),
        *footnotes(notes, screen),
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


def _strip(names: Sequence[Name], maps: Sequence[Pixels], drawn: int, screen: Screen) -> list[Line]:
    """Maps of so many columns side by side, each under its name."""
    width = max(drawn, LONGEST_NAME) + GAP
    spare = Cell("", width - drawn)
    return _named(names, width, screen) + [
        row((cell for part in parts for cell in (*part, spare)), screen)
        for parts in zip(*maps, strict=True)
    ]


def _named(names: Sequence[Name], width: int, screen: Screen) -> list[Line]:
    """Names of heads over their maps, and under them what these were found to do."""
    bold, dim = accent(screen, bold=True), plain(screen, dim=True)
    found = row((Cell(fit(what, width - 1), width, dim) for _, what in names), screen)
    said = [found] if any(what for _, what in names) else []
    return [row((Cell(head, width, bold) for head, _ in names), screen), *said]
