"""What stands around a matrix: its title and scale, words down the side and across the top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from attnviz.render.safe import visible
from attnviz.render.terminal.lines import Cell, Line, row, text_cell
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.palette import Scale, plain
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.result import FloatArray

APART = "   "
STRIP = 16  # cells of the colour scale
TICK = 10  # columns that a position and its word need
ROUND = (10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


class Matrix(NamedTuple):
    """Weights (query, key) with the words on both axes as they are printed."""

    weights: FloatArray
    queries: Sequence[str]
    keys: Sequence[str]
    scale: Scale


def caption(title: str, scale: Scale, screen: Screen, kind: str = "") -> Line:
    """The title, what the axes are, and the colour scale, as far as they fit."""
    dim, bold = plain(screen.colour, dim=True), plain(screen.colour, bold=True)
    shown = screen.writable(screen.signs(visible(title)))
    cells = [text_cell(fit(shown, screen.width), bold)]
    room = screen.width - cells[0].width
    axes = "target ↓ source →" if kind == "cross" else "query ↓ key →"
    for extra in ([text_cell(f"{APART}{axes}", dim)], colour_scale(scale)):
        needed = sum(cell.width for cell in extra)
        if needed <= room:
            cells += extra
            room -= needed
    return row(cells, screen)


def colour_scale(scale: Scale) -> list[Cell]:
    """The colours from the lowest to the highest weight, between their numbers."""
    if scale.colour is Colour.NONE:
        return []
    low, high = f"{-scale.top:g}" if scale.signed else "0", f"{scale.top:g}"
    strip = [Cell("", 1, scale.cell(level)) for level in scale.strip(STRIP)]
    dim = plain(scale.colour, dim=True)
    return [text_cell(f"{APART}{low} ", dim), *strip, text_cell(f" {high}", dim)]


def side(words: Sequence[str], screen: Screen) -> int:
    """How wide the column of query labels is, with the space after it."""
    longest = max(map(width_of, words), default=0)
    return min(longest, max(8, screen.width // 5)) + 1


def side_label(word: str, width: int) -> Cell:
    """A query's label, close to its row."""
    return Cell(fit(word, width - 1) + " ", width, None, "right")


def ticks(words: Sequence[str], step: int, screen: Screen) -> list[Cell]:
    """Position and word of every so many keys, where ``step`` keys share one column."""
    columns = -(-len(words) // step)
    every = next((n for n in ROUND if n >= TICK * step), len(words) or 1)
    starts = [position // step for position in range(0, len(words), every)]
    if len(starts) > 1 and columns - starts[-1] < TICK // 2:
        starts.pop()  # too near the end for its word
    ends = [*starts[1:], columns]
    dim = plain(screen.colour, dim=True)
    return [
        Cell(
            fit(f"{n * every} {words[n * every]}", end - start - (end < columns)), end - start, dim
        )
        for n, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
