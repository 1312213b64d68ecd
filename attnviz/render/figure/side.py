"""The labels along one side of a matrix: as large as fits, or those of the strongest tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from attnviz.render.figure.canvas import INK, MUTED, Canvas
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.safe import token_label
from attnviz.result import Token

Strength = Sequence[float] | None  # of each token, by which labels are kept

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

    @property
    def whole(self) -> bool:
        """Whether every token has its label."""
        return len(self.at) == len(self.tokens)

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


class Labelling(NamedTuple):
    """How the labels of one or several sides are written, decided for all their tokens alike."""

    tokens: Sequence[Token]
    cell: float
    limit: float
    measurer: TextMeasurer

    @property
    def points(self) -> float | None:
        """The largest size at which lines are no higher than cells, None if that is too small."""
        texts = {_shown(token) for token in self.tokens}
        points = min(LARGEST, math.floor(self.cell * 72 * 2) / 2)
        while points >= SMALLEST:
            if self.measurer.height(texts, points) <= self.cell:
                return points
            points -= 0.5
        return None

    @property
    def upright(self) -> bool:
        """Whether each label is no wider than a column."""
        texts = [_shown(token) for token in self.tokens]
        large = self.cell * 72 > LARGEST
        return large and self.measurer.width(texts, LARGEST) <= 0.94 * self.cell


def lay_down(tokens: Sequence[Token], labelling: Labelling, strength: Strength = None) -> Side:
    """Labels for rows, none longer than the limit; of too many those of the strongest tokens."""
    return _lay(tokens, labelling, strength, turned=False)


def lay_across(tokens: Sequence[Token], labelling: Labelling, strength: Strength = None) -> Side:
    """Labels for columns: upright where each fits its column, else turned."""
    if not labelling.upright:
        return _lay(tokens, labelling, strength, turned=True)
    texts = [_shown(token) for token in tokens]
    room = labelling.measurer.height(texts, LARGEST) + GAP
    return Side(tokens, range(len(texts)), texts, LARGEST, False, room)


def _lay(tokens: Sequence[Token], how: Labelling, strength: Strength, turned: bool) -> Side:
    at: Sequence[int] = range(len(tokens))
    points = how.points
    if points is None:
        points = THINNED
        at = _strongest_apart(tokens, how, strength)
    texts = [how.measurer.elide(_shown(tokens[i]), points, how.limit) for i in at]
    return Side(tokens, at, texts, points, turned, how.measurer.width(texts, points) + GAP)


def _strongest_apart(tokens: Sequence[Token], how: Labelling, strength: Strength) -> list[int]:
    """As many tokens as can stand apart, the strongest before their neighbours."""
    height = max(how.measurer.height(map(_shown, tokens), THINNED), THINNED / 72)
    apart = math.ceil(height * SLACK / how.cell)
    weights = [0.0] * len(tokens) if strength is None else list(strength)
    kept: list[int] = []
    for i in sorted(range(len(tokens)), key=lambda i: (-weights[i], i)):
        if all(abs(i - other) >= apart for other in kept):
            kept.append(i)
    return sorted(kept)


def _shown(token: Token) -> str:
    return token_label(token, FIRST)


def ordinal(number: int) -> str:
    """2nd, 3rd, 4th, 11th, 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"
