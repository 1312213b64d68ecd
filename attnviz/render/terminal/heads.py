"""Words above their columns: on one line, on stairs, or written downwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from attnviz.render.terminal.lines import Cell, Line, row, text_cell
from attnviz.render.terminal.measure import fit, graphemes, width_of
from attnviz.render.terminal.palette import plain
from attnviz.render.terminal.screen import Screen

TALLEST = 10  # lines of a word written downwards
LONGEST = 20  # cells of a word on stairs


def level_heads(words: Sequence[str], widths: Sequence[int], indent: int, screen: Screen) -> Line:
    """Words in one line, each above its column."""
    heads = (
        Cell(fit(word, width - 1), width, None, "center")
        for word, width in zip(words, widths, strict=True)
    )
    return row([Cell("", indent), *heads], screen)


def narrow_heads(words: Sequence[str], width: int, indent: int, screen: Screen) -> list[Line]:
    """Words above columns too narrow for them, whichever way takes fewer lines."""
    stairs = stair_heads(words, width, indent, screen)
    upright = upright_heads(words, width, indent, screen)
    return stairs if len(stairs) <= len(upright) else upright


def stair_heads(words: Sequence[str], width: int, indent: int, screen: Screen) -> list[Line]:
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
) -> Line:
    """One line of the stairs: its own words, and lines down from the words above."""
    cells = []
    used, end = 0, indent
    for word, height in zip(words, heights, strict=True):
        end += width
        if height < level:
            continue
        cell = (
            text_cell(word) if height == level else text_cell("│", plain(screen.colour, dim=True))
        )
        cells += [Cell("", end - cell.width - used), cell]
        used = end
    return row(cells, screen)


def upright_heads(words: Sequence[str], width: int, indent: int, screen: Screen) -> list[Line]:
    """Words written downwards, ending at their columns; every other one dimmed, to tell apart."""
    styles = cycle((None, plain(screen.colour, dim=True)))
    stacks = [_stack(word, width) for word in words]
    height = max(map(len, stacks), default=0)
    columns = [
        [Cell(letter, width, style, "right") for letter in [""] * (height - len(stack)) + stack]
        for stack, style in zip(stacks, styles, strict=False)
    ]
    return [row([Cell("", indent), *cells], screen) for cells in zip(*columns, strict=True)]


def _stack(word: str, width: int) -> list[str]:
    letters = [char for char, cells in graphemes(word) if 0 < cells <= width]
    return letters if len(letters) <= TALLEST else [*letters[: TALLEST - 1], "⋮"]
