"""A matrix as a table of numbers on coloured ground."""

from __future__ import annotations

from typing import NamedTuple

from attnviz.render.terminal.axes import Matrix, side, side_label
from attnviz.render.terminal.heads import level_heads, narrow_heads
from attnviz.render.terminal.lines import Cell, Line, row
from attnviz.render.terminal.measure import width_of
from attnviz.render.terminal.screen import Colour, Screen

READABLE = 12  # cells of a word that must be seen for words to share one line


class Layout(NamedTuple):
    """How wide each key's column is, how long its number, and whether words stand on one line."""

    widths: tuple[int, ...]
    digits: int
    level: bool


def numbers(matrix: Matrix, screen: Screen) -> list[Line] | None:
    """A line for each query and a number for each key, or None where that does not fit."""
    label = side(matrix.queries, screen)
    layout = lay_out([width_of(key) for key in matrix.keys], screen.width - label, matrix)
    if layout is None:
        return None
    if layout.level:
        heads = [level_heads(matrix.keys, layout.widths, label, screen)]
    else:
        heads = narrow_heads(matrix.keys, layout.widths[0], label, screen)
    return heads + [
        row([side_label(word, label), *_cells(matrix, query, layout)], screen)
        for query, word in enumerate(matrix.queries)
    ]


def lay_out(lengths: list[int], room: int, matrix: Matrix) -> Layout | None:
    """The most readable columns that fit: whole words, then long ones cut, then narrow columns."""
    sign = int(matrix.scale.signed)
    for digits in (4 + sign, 3 + sign):
        if (widths := _level_widths(lengths, digits + 1, room)) is not None:
            return Layout(widths, digits, level=True)
    for digits in (4 + sign, 3 + sign):
        if len(lengths) * (digits + 1) <= room:
            return Layout((digits + 1,) * len(lengths), digits, level=False)
    return None


def _level_widths(lengths: list[int], least: int, room: int) -> tuple[int, ...] | None:
    """Columns for words of these lengths, cut where they must be but not below READABLE."""
    longest = max(lengths, default=0)
    for cut in range(longest, min(longest, READABLE) - 1, -1):
        widths = tuple(max(min(length, cut) + 1, least) for length in lengths)
        if sum(widths) <= room:
            return widths
    return None


def _cells(matrix: Matrix, query: int, layout: Layout) -> list[Cell]:
    weights = matrix.weights[query]
    strongest = int(abs(weights).argmax()) if len(weights) else -1
    levels = matrix.scale.levels(weights).tolist()
    cells = []
    for key, (weight, width) in enumerate(zip(weights.tolist(), layout.widths, strict=True)):
        text = number(weight, layout.digits, matrix.scale.signed)
        zero = text == "0"
        if zero and matrix.scale.colour is Colour.NONE:
            text = "·"
        style = matrix.scale.cell(levels[key], bold=key == strongest, faint=zero)
        cells.append(Cell(text, width, style, "center" if layout.level else "right"))
    return cells


def number(weight: float, digits: int, signed: bool = False) -> str:
    """A weight in so many characters: ``0.75`` in four, ``.75`` in three, and ``0`` for none."""
    text = f"{weight:{'+' if signed else ''}.2f}"
    if not text.strip("+-0."):
        return "0"
    return text if len(text) <= digits else text.replace("0.", ".", 1)[:digits]
