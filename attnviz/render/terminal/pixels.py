"""A matrix without numbers: squares while each word has its line, half blocks beyond."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from attnviz.render.terminal.axes import Matrix, side, side_label, ticks
from attnviz.render.terminal.heads import narrow_heads
from attnviz.render.terminal.lines import Cell, Line, row, sentence
from attnviz.render.terminal.measure import fit
from attnviz.render.terminal.palette import LEVELS, Scale, plain
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.result import FloatArray

Levels = npt.NDArray[np.int64]
T = TypeVar("T")

MOST_LINES_OF_SQUARES = 64
LEAST_WORDS, MOST_WORDS = 10, 30  # columns beside half blocks
DIGITS, LOSS_DIGITS = "·123456789", "·abcdefghi"


def squares(matrix: Matrix, screen: Screen) -> list[Line] | None:
    """A line for each query and two columns for each key, or None where that does not fit."""
    label = side(matrix.queries, screen)
    too_wide = label + 2 * len(matrix.keys) > screen.width
    if too_wide or len(matrix.queries) > MOST_LINES_OF_SQUARES:
        return None
    levels = matrix.scale.levels(matrix.weights)
    return narrow_heads(matrix.keys, 2, label, screen) + [
        row([side_label(word, label), *blocks(line, matrix.scale, width=2)], screen)
        for word, line in zip(matrix.queries, levels, strict=True)
    ]


def dense(matrix: Matrix, screen: Screen) -> tuple[list[Line], int]:
    """A pixel for each weight, or the strongest of step × step weights; the lines and the step."""
    digits = len(str(len(matrix.queries)))
    step = max(1, -(-len(matrix.keys) // (screen.width - digits - LEAST_WORDS)))
    columns = -(-len(matrix.keys) // step)
    label = min(screen.width - columns, digits + MOST_WORDS)
    shown = pixels(pooled(matrix.weights, step), matrix.scale, screen)
    each = step * rows_in_a_line(screen)
    lines = [row([Cell("", label), *ticks(matrix.keys, step, screen)], screen)]
    for start, cells in zip(range(0, len(matrix.queries), each), shown, strict=True):
        words = f"{start:>{digits}} {' '.join(matrix.queries[start : start + each])}"
        lines.append(row([Cell(fit(words, label - 1), label), *cells], screen))
    return lines, step


def rows_in_a_line(screen: Screen) -> int:
    """How many rows of pixels share one line."""
    return 2 if screen.unicode and screen.colour is not Colour.NONE else 1


def pixels(weights: FloatArray, scale: Scale, screen: Screen) -> list[list[Cell]]:
    """Lines of pixels, one column each, and two rows to a line where the screen can."""
    levels = scale.levels(weights)
    if rows_in_a_line(screen) == 1:
        return [blocks(line, scale, width=1) for line in levels]
    return [halves(upper, lower, scale) for upper, lower in zip_longest(levels[::2], levels[1::2])]


def halves(upper: Levels, lower: Levels | None, scale: Scale) -> list[Cell]:
    """Two rows of pixels in one line; the last row may have none under it."""
    under = [None] * len(upper) if lower is None else lower.tolist()
    pairs = zip(upper.tolist(), under, strict=True)
    return [Cell("▀" * length, length, scale.pixels(*pair)) for pair, length in runs(pairs)]


def blocks(levels: Levels, scale: Scale, *, width: int) -> list[Cell]:
    """Levels as coloured ground, or as digits where there is no colour."""
    if scale.colour is Colour.NONE:
        return [Cell(digit(level), width, None, "right") for level in levels.tolist()]
    same = runs(levels.tolist())
    return [Cell("", width * length, scale.cell(level)) for level, length in same]


def digit(level: int) -> str:
    """A level in tenths of the scale: 1 to 9, and a to i for losses."""
    tenths = min(9, round(10 * abs(level) / LEVELS))
    return LOSS_DIGITS[tenths] if level < 0 else DIGITS[tenths]


def explained(scale: Scale, step: int, screen: Screen) -> list[Line]:
    """How to read pixels: how many weights share one, and what a digit stands for."""
    said = f"Each pixel is the strongest of {step} × {step} weights." if step > 1 else ""
    if screen.colour is Colour.NONE:
        losses = ", letters (a is -1) below zero" if scale.signed else ""
        said += f" Digits are tenths of {scale.top:g}{losses}; · is less than half a tenth."
    return sentence(said, screen, plain(screen.colour, dim=True))


def pooled(weights: FloatArray, step: int) -> FloatArray:
    """The weight furthest from zero of each square of step × step."""
    if step == 1 or not weights.size:
        return weights
    starts = [range(0, length, step) for length in weights.shape]
    highest = np.maximum.reduceat(np.maximum.reduceat(weights, starts[0], 0), starts[1], 1)
    lowest = np.minimum.reduceat(np.minimum.reduceat(weights, starts[0], 0), starts[1], 1)
    return np.where(-lowest > highest, lowest, highest)


def runs(values: Iterable[T]) -> Iterator[tuple[T, int]]:
    """Equal neighbours as one value and how many there are."""
    return ((value, sum(1 for _ in same)) for value, same in groupby(values))
