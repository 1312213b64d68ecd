"""A matrix without numbers: squares while each word has its line, half blocks beyond."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from typing import TypeVar

import numpy as np

from attnviz.render.cells import pool
from attnviz.render.colour import LEVELS
from attnviz.render.numbers import short
from attnviz.render.terminal.axes import BoolArray, Matrix, narrow_heads, side, side_label, ticks
from attnviz.render.terminal.colours import NOTHING, Levels, Shading, plain
from attnviz.render.terminal.lines import Cell, Line, Row, sentence
from attnviz.render.terminal.measure import fit
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.result import FloatArray

Pixels = list[Row]
T = TypeVar("T")

MOST_LINES_OF_SQUARES = 64
LEAST_WORDS, MOST_WORDS = 10, 30  # columns beside half blocks
DIGITS, LOSS_DIGITS = "·123456789", "·abcdefghi"


def squares(matrix: Matrix, screen: Screen) -> list[Row] | None:
    """A line for each query and two columns for each key, or None where that does not fit."""
    label = side(matrix.queries, screen)
    too_wide = label + 2 * len(matrix.keys) > screen.width
    if too_wide or len(matrix.queries) > MOST_LINES_OF_SQUARES:
        return None
    levels = matrix.levels
    return narrow_heads(matrix.keys, 2, label, screen) + [
        [side_label(word, label), *blocks(line, matrix.shading, width=2)]
        for word, line in zip(matrix.queries, levels, strict=True)
    ]


def dense(matrix: Matrix, screen: Screen) -> tuple[list[Row], int]:
    """A pixel for each weight, or the strongest of step × step weights; the lines and the step."""
    digits = len(str(len(matrix.queries)))
    step = max(1, -(-len(matrix.keys) // (screen.width - digits - LEAST_WORDS)))
    columns = -(-len(matrix.keys) // step)
    label = min(screen.width - columns, digits + MOST_WORDS)
    shown = pixels(
        pooled(matrix.weights, step), matrix.shading, screen, pooled_mask(matrix.blank, step)
    )
    each = step * rows_in_a_line(screen)
    lines = [[Cell("", label), *ticks(matrix.keys, step, screen)]]
    for start, cells in zip(range(0, len(matrix.queries), each), shown, strict=True):
        words = f"{start:>{digits}} {' '.join(matrix.queries[start : start + each])}"
        lines.append([Cell(fit(words, label - 1), label), *cells])
    return lines, step


def rows_in_a_line(screen: Screen) -> int:
    """How many rows of pixels share one line."""
    return 2 if screen.unicode and screen.colour is not Colour.NONE else 1


def pixels(weights: FloatArray, shading: Shading, screen: Screen, blank: BoolArray) -> Pixels:
    """Lines of pixels, one column each, and two rows to a line where the screen can."""
    levels = np.where(blank, np.int16(NOTHING), shading.levels(weights))
    if rows_in_a_line(screen) == 1:
        return [blocks(line, shading, width=1) for line in levels]
    return [
        halves(upper, lower, shading) for upper, lower in zip_longest(levels[::2], levels[1::2])
    ]


def halves(upper: Levels, lower: Levels | None, shading: Shading) -> list[Cell]:
    """Two rows of pixels in one line; the last row may have none under it."""
    under = [NOTHING] * len(upper) if lower is None else lower.tolist()
    pairs = zip(upper.tolist(), under, strict=True)
    return [_half_blocks(*pair, length, shading) for pair, length in runs(pairs)]


def _half_blocks(upper: int, lower: int, length: int, shading: Shading) -> Cell:
    """So many half blocks of two levels; where only the lower is something, lower halves."""
    if upper != NOTHING:
        return Cell("▀" * length, length, shading.pixels(upper, lower))
    if lower != NOTHING:
        return Cell("▄" * length, length, shading.pixels(lower, NOTHING))
    return Cell("", length)


def blocks(levels: Levels, shading: Shading, *, width: int) -> list[Cell]:
    """Pixels as coloured ground, or as digits where there is no colour."""
    if shading.colour is Colour.NONE:
        signed = shading.scale.signed
        return [Cell(digit(level, signed), width, None, "right") for level in levels.tolist()]
    same = runs(levels.tolist())
    return [Cell("", width * length, shading.cell(level)) for level, length in same]


def digit(level: int, signed: bool) -> str:
    """A level in tenths of the scale: 1 to 9, and a to i for losses."""
    if level == NOTHING:
        return ""
    share = level / (LEVELS - 1)
    along = 2 * share - 1 if signed else share
    tenths = min(9, round(10 * abs(along)))
    return LOSS_DIGITS[tenths] if along < 0 else DIGITS[tenths]


def explained(shading: Shading, step: int, screen: Screen) -> list[Line]:
    """How to read pixels: how many weights share one, and what a digit stands for."""
    said = f"Each pixel is the strongest of {step} × {step} weights." if step > 1 else ""
    if screen.colour is Colour.NONE:
        scale = shading.scale
        losses = ", letters (a is -1) below zero" if scale.signed else ""
        low = "0" if scale.signed else short(scale.low)
        said += (
            f" Digits are tenths of the way from {low} to {short(scale.high)} on a {scale.name} "
            f"scale{losses}; · is less than half a tenth."
        )
    return sentence(said, screen, plain(screen, dim=True))


def pooled(weights: FloatArray, step: int) -> FloatArray:
    """The weight furthest from zero of each square of step × step."""
    rows, columns = (range(0, length, step) for length in weights.shape)
    return pool(weights, rows, columns)


def pooled_mask(blank: BoolArray, step: int) -> BoolArray:
    """Whether all of each square of step × step is blank."""
    rows, columns = (np.arange(0, length, step) for length in blank.shape)
    return np.logical_and.reduceat(np.logical_and.reduceat(blank, rows, 0), columns, 1)


def runs(values: Iterable[T]) -> Iterator[tuple[T, int]]:
    """Equal neighbours as one value and how many there are."""
    return ((value, sum(1 for _ in same)) for value, same in groupby(values))
