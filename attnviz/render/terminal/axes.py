"""What stands around a matrix: its title and scale, words down the side and across the top.

Words above narrow columns stand on stairs or are written downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.render.numbers import short
from attnviz.render.safe import visible
from attnviz.render.terminal.colours import NOTHING, Levels, Shading, plain
from attnviz.render.terminal.lines import Cell, Line, Row, row, text_cell
from attnviz.render.terminal.measure import fit, graphemes, width_of
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.result import FloatArray

BoolArray = npt.NDArray[np.bool_]

APART = "   "
TALLEST = 10  # lines of a word written downwards
LONGEST = 20  # cells of a word on stairs
STRIP = 16  # cells of the colour scale
TICK = 10  # columns that a position and its word need
ROUND = (10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


class Matrix(NamedTuple):
    """Weights (query, key) with the words on both axes as they are printed.

    ``blank`` (query, key) says which cells a causal mask forbids.
    """

    weights: FloatArray
    queries: Sequence[str]
    keys: Sequence[str]
    shading: Shading
    blank: BoolArray

    @property
    def levels(self) -> Levels:
        """The level of each weight, NOTHING where it is left blank: int16 (query, key)."""
        return np.where(self.blank, np.int16(NOTHING), self.shading.levels(self.weights))


def caption(title: str, shading: Shading, screen: Screen, kind: str = "") -> Line:
    """The title, what the axes are, and the colour scale, as far as they fit."""
    dim, bold = plain(screen, dim=True), plain(screen, bold=True)
    shown = screen.writable(screen.signs(visible(title)))
    cells = [text_cell(fit(shown, screen.width), bold)]
    room = screen.width - cells[0].width
    axes = "target ↓ source →" if kind == "cross" else "query ↓ key →"
    for extra in ([text_cell(f"{APART}{axes}", dim)], *colour_scale(shading, screen)):
        needed = sum(cell.width for cell in extra)
        if needed <= room:
            cells += extra
            room -= needed
    return row(cells, screen)


def colour_scale(shading: Shading, screen: Screen) -> list[list[Cell]]:
    """The colours from the lowest to the highest weight between their numbers, and their name."""
    if screen.colour is Colour.NONE:
        return []
    low, high = short(shading.scale.low), short(shading.scale.high)
    strip = [Cell("", 1, shading.cell(level)) for level in shading.strip(STRIP)]
    dim = plain(screen, dim=True)
    legend = [text_cell(f"{APART}{low} ", dim), *strip, text_cell(f" {high}", dim)]
    return [legend, [text_cell(f" {shading.scale.name}", dim)]]


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
    dim = plain(screen, dim=True)
    return [
        Cell(
            fit(f"{n * every} {words[n * every]}", end - start - (end < columns)), end - start, dim
        )
        for n, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def level_heads(words: Sequence[str], widths: Sequence[int], indent: int) -> Row:
    """Words in one line, each above its column."""
    heads = (
        Cell(fit(word, width - 1), width, None, "center")
        for word, width in zip(words, widths, strict=True)
    )
    return [Cell("", indent), *heads]


def narrow_heads(words: Sequence[str], width: int, indent: int, screen: Screen) -> list[Row]:
    """Words above columns too narrow for them, whichever way takes fewer lines."""
    stairs = stair_heads(words, width, indent, screen)
    upright = upright_heads(words, width, indent, screen)
    return stairs if len(stairs) <= len(upright) else upright


def stair_heads(words: Sequence[str], width: int, indent: int, screen: Screen) -> list[Row]:
    """Words that end above their columns, each with a line down to it, kept apart by height."""
    shown = [fit(word, min(indent + n * width, LONGEST)) for n, word in enumerate(words, 1)]
    heights = _heights([width_of(word) for word in shown], width)
    return [
        _stair(shown, heights, level, width, indent, screen)
        for level in range(max(heights, default=-1), -1, -1)
    ]


def _heights(lengths: Sequence[int], width: int) -> list[int]:
    """The line of each word, 0 lowest: above every word whose column it reaches over."""
    heights: list[int] = []
    for n, length in enumerate(lengths):
        covered = heights[max(0, n - length // width) : n]
        heights.append(1 + max(covered, default=-1))
    return heights


def _stair(
    words: Sequence[str],
    heights: Sequence[int],
    level: int,
    width: int,
    indent: int,
    screen: Screen,
) -> Row:
    """One line of the stairs: its own words, and lines down from the words above."""
    cells = []
    used, end = 0, indent
    for word, height in zip(words, heights, strict=True):
        end += width
        if height < level:
            continue
        cell = text_cell(word) if height == level else text_cell("│", plain(screen, dim=True))
        cells += [Cell("", end - cell.width - used), cell]
        used = end
    return cells


def upright_heads(words: Sequence[str], width: int, indent: int, screen: Screen) -> list[Row]:
    """Words written downwards, ending at their columns; every other one dimmed, to tell apart."""
    styles = cycle((None, plain(screen, dim=True)))
    stacks = [_stack(word, width) for word in words]
    height = max(map(len, stacks), default=0)
    columns = [
        [Cell(letter, width, style, "right") for letter in [""] * (height - len(stack)) + stack]
        for stack, style in zip(stacks, styles, strict=False)
    ]
    return [[Cell("", indent), *cells] for cells in zip(*columns, strict=True)]


def _stack(word: str, width: int) -> list[str]:
    letters = [char for char, cells in graphemes(word) if 0 < cells <= width]
    return letters if len(letters) <= TALLEST else [*letters[: TALLEST - 1], "⋮"]
