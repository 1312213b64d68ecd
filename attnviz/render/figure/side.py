"""The labels along one side of a matrix: as large as fits, or every few tokens one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from attnviz.render.figure.canvas import INK, MUTED, Canvas
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.safe import token_label
from attnviz.result import Token

__all__ = ["GAP", "Side", "lay_across", "lay_down", "ordinal"]

LARGEST, SMALLEST, THINNED = 8.5, 5.0, 6.0  # points
FIRST = 500  # characters; no picture has room for more
GAP = 0.05  # inches between a label and its cell
SLACK = 1.06  # labels that are thinned out get a little air


class Side(NamedTuple):
    """Some labels of one axis: the tokens they stand for, their size, and the room they take."""

    tokens: Sequence[Token]
    at: Sequence[int]
    texts: Sequence[str]
    points: float
    turned: bool
    room: float
    step: int

    def draw_down(self, canvas: Canvas, right: float, top: float, cell: float) -> None:
        """Write the labels left of a matrix whose upper left corner is (right, top)."""
        for i, text in zip(self.at, self.texts, strict=True):
            y = top + (i + 0.5) * cell
            canvas.write(right - GAP, y, text, self.points, color=self._color(i), align="right")

    def draw_across(self, canvas: Canvas, left: float, bottom: float, cell: float) -> None:
        """Write the labels over a matrix whose upper left corner is (left, bottom)."""
        for i, text in zip(self.at, self.texts, strict=True):
            canvas.write(
                left + (i + 0.5) * cell,
                bottom - GAP,
                text,
                self.points,
                color=self._color(i),
                align="left" if self.turned else "center",
                level="center" if self.turned else "bottom",
                turned=self.turned,
            )

    def _color(self, i: int) -> str:
        return MUTED if self.tokens[i].special else INK


def lay_down(tokens: Sequence[Token], cell: float, limit: float, measurer: TextMeasurer) -> Side:
    """Labels for rows of this height in inches, none longer than the limit."""
    return _lay(tokens, cell, limit, measurer, turned=False)


def lay_across(tokens: Sequence[Token], cell: float, limit: float, measurer: TextMeasurer) -> Side:
    """Labels for columns of this width: upright where each fits its column, else turned."""
    texts = [_shown(token) for token in tokens]
    if cell * 72 > LARGEST and measurer.width(texts, LARGEST) <= 0.94 * cell:
        room = measurer.height(texts, LARGEST) + GAP
        return Side(tokens, range(len(texts)), texts, LARGEST, False, room, 1)
    return _lay(tokens, cell, limit, measurer, turned=True)


def _lay(
    tokens: Sequence[Token], cell: float, limit: float, measurer: TextMeasurer, turned: bool
) -> Side:
    at: range = range(len(tokens))
    points = _fitting(tokens, cell, measurer)
    if points is None:
        points = THINNED
        at = _thinned(tokens, cell, measurer)
    texts = [measurer.elide(_shown(tokens[i]), points, limit) for i in at]
    return Side(tokens, at, texts, points, turned, measurer.width(texts, points) + GAP, at.step)


def _fitting(tokens: Sequence[Token], cell: float, measurer: TextMeasurer) -> float | None:
    """The largest size at which lines are no higher than cells, or None if that is too small."""
    texts = {_shown(token) for token in tokens}
    points = min(LARGEST, math.floor(cell * 72 * 2) / 2)
    while points >= SMALLEST:
        if measurer.height(texts, points) <= cell:
            return points
        points -= 0.5
    return None


def _thinned(tokens: Sequence[Token], cell: float, measurer: TextMeasurer) -> range:
    """Every few tokens, as close as their labels can stand."""
    step = max(2, math.ceil(THINNED / 72 * SLACK / cell))
    while True:
        at = range(0, len(tokens), step)
        height = measurer.height((_shown(tokens[i]) for i in at), THINNED)
        if height * SLACK <= step * cell or len(at) == 1:
            return at
        step += 1


def _shown(token: Token) -> str:
    return token_label(token, FIRST)


def ordinal(number: int) -> str:
    """2nd, 3rd, 4th, 11th, 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"
