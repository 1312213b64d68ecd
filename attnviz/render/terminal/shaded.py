"""A sentence shaded by weight."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from attnviz.render.terminal.lines import Line, Piece, labels, paragraph
from attnviz.render.terminal.palette import Scale
from attnviz.render.terminal.screen import Screen
from attnviz.result import FloatArray, Token

NAME = 6  # columns for the name of a row of weights

Rows = Sequence[tuple[str, FloatArray]]


def shaded(
    tokens: Sequence[Token], asked: int | None, rows: Rows, scale: Scale, screen: Screen
) -> list[Line]:
    """The sentence once for each named row of weights, or for the first if it takes many lines."""
    texts = labels(tokens, screen)
    glued = [False, *map(_touch, tokens[:-1], tokens[1:])]
    said = []
    for name, weights in rows:
        styles = [scale.cell(level) for level in scale.levels(weights).tolist()]
        if asked is not None:
            styles[asked] = (styles[asked] or Style()) + Style(underline=True)
        pieces = map(Piece, texts, styles, glued)
        said.append(paragraph(pieces, screen, indent=NAME, name=name, ground=scale.cell(0)))
    several_fit = bool(said) and len(said[0]) == 1
    return [line for lines in (said if several_fit else said[:1]) for line in lines]


def _touch(token: Token, following: Token) -> bool:
    """Whether two tokens stand in the text with nothing between them."""
    same_text = token.segment == following.segment
    return same_text and token.end is not None and token.end == following.start
