"""Lines of fixed cells: text becomes exactly as wide as it was given room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple
from unicodedata import bidirectional

from rich.segment import ControlType, Segment, Segments
from rich.style import Style

from attnviz.analysis.ask import numbered
from attnviz.render.safe import token_label, visible
from attnviz.render.terminal.colours import accent, plain
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Screen
from attnviz.result import Token

Line = list[Segment]
LEFT_TO_RIGHT = "\u200e"
# Scripts and emoji on whose width terminals disagree; letters, signs and blocks are certain.
UNSURE = re.compile("[^\x00-\u02ff\u2000-\u2bff]")


class Cell(NamedTuple):
    """Text that takes exactly ``width`` columns of a line."""

    text: str
    width: int
    style: Style | None = None
    align: Literal["left", "right", "center"] = "left"


Row = list[Cell]


class Piece(NamedTuple):
    """Text in a paragraph; a glued one has no space before it."""

    text: str
    style: Style | None = None
    glued: bool = False


def text_cell(text: str, style: Style | None = None) -> Cell:
    """A cell as wide as its text."""
    return Cell(text, width_of(text), style)


def picture(lines: Iterable[Line]) -> Segments:
    """Lines as one renderable that rich prints as it is: no wrapping, markup or highlighting."""
    return Segments([part for line in lines for part in (*_trimmed(line), Segment.line())])


def row(cells: Iterable[Cell], screen: Screen) -> Line:
    """Cells side by side; after text of unsure width the cursor is put where it should be."""
    parts: Line = []
    column = 0
    for cell in cells:
        column += cell.width
        parts.append(Segment(_set(cell, screen), cell.style))
        if screen.anchored and UNSURE.search(cell.text):
            move = (ControlType.CURSOR_MOVE_TO_COLUMN, column)
            parts.append(Segment(f"\x1b[{column + 1}G", None, [move]))
    return parts


def beside(
    blocks: Sequence[Sequence[Row]], names: Sequence[str], screen: Screen, apart: int = 3
) -> list[Line]:
    """Blocks of rows next to each other, ending on one level, each under its name if it has one."""
    widths = [max((sum(c.width for c in row) for row in rows), default=0) for rows in blocks]
    tall = max(map(len, blocks))
    lines = (
        [
            row(
                (
                    Cell(name, width + apart, accent(screen, bold=True))
                    for name, width in zip(names, widths, strict=True)
                ),
                screen,
            )
        ]
        if names
        else []
    )
    level: list[list[Row]] = [[[]] * (tall - len(rows)) + list(rows) for rows in blocks]
    for parts in zip(*level, strict=True):
        cells: Row = []
        for part, width in zip(parts, widths, strict=True):
            used = sum(cell.width for cell in part)
            cells += [*part, Cell("", width - used + apart)]
        lines.append(row(cells, screen))
    return lines


def paragraph(
    pieces: Iterable[Piece],
    screen: Screen,
    *,
    indent: int = 0,
    name: str = "",
    ground: Style | None = None,
) -> list[Line]:
    """Pieces flowing over as many lines as they need, beside the paragraph's name.

    ``ground`` is the style of the spaces between them.
    """
    room = screen.width - indent
    lines: list[list[Cell]] = [[]]
    used = 0
    for piece in pieces:
        text = fit(piece.text, room)
        gap = 1 if used and not piece.glued else 0
        if used + gap + width_of(text) > room:
            lines.append([])
            used = gap = 0
        if gap:
            lines[-1].append(Cell(" ", 1, ground))
        lines[-1].append(text_cell(text, piece.style))
        used += gap + width_of(text)
    return [
        row([Cell("" if n else name, indent, accent(screen)), *cells], screen)
        for n, cells in enumerate(lines)
        if cells
    ]


def sentence(text: str, screen: Screen, style: Style | None = None) -> list[Line]:
    """A sentence for the reader, wrapped between words."""
    words = screen.writable(screen.signs(visible(text))).split()
    return paragraph((Piece(word, style) for word in words), screen)


def footnotes(notes: Sequence[str], screen: Screen) -> list[Line]:
    """What must be said with a picture."""
    dim = plain(screen, dim=True)
    return [line for text in notes for line in sentence(text, screen, dim)]


def labels(tokens: Sequence[Token], screen: Screen) -> list[str]:
    """What each token reads on this screen."""
    return [screen.writable(token_label(token)) for token in tokens]


def names(tokens: Sequence[Token], screen: Screen) -> list[str]:
    """Labels that tell tokens apart: the second ``the`` of a sentence is ``the:2``."""
    return numbered(labels(tokens, screen))


def _trimmed(line: Line) -> Line:
    """The line without blanks that nobody could see at its end."""
    for n in range(len(line), 0, -1):
        last = line[n - 1]
        if last.style is not None and last.style.bgcolor is not None:
            return line[:n]
        if not last.control and (text := last.text.rstrip(" ")):
            return [*line[: n - 1], Segment(text, last.style)]
    return []


def _set(cell: Cell, screen: Screen) -> str:
    text = screen.signs(fit(cell.text, cell.width))
    blank = cell.width - width_of(text)
    before = {"left": 0, "right": blank, "center": (blank + 1) // 2}[cell.align]
    if UNSURE.search(text) and screen.unicode and any(map(_right_to_left, text)):
        # or a terminal that reorders would take the numbers after it along
        text = LEFT_TO_RIGHT + text + LEFT_TO_RIGHT
    return " " * before + text + " " * (blank - before)


def _right_to_left(char: str) -> bool:
    return bidirectional(char) in ("R", "AL")
