"""Attention on small matrices, on a terminal: every matrix written out as far as it fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt
from rich.segment import Segments

from attnviz.analysis.explain.toy import Toy
from attnviz.render.explained_numbers import ledger, signed
from attnviz.render.explained_toy import toy_notes, toy_steps
from attnviz.render.terminal.colours import accent, plain
from attnviz.render.terminal.explained import INDENT, readable, step_text
from attnviz.render.terminal.lines import Cell, Line, picture, row, text_cell
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Screen

MOST_ROWS, MOST_WIDE, LONGEST = 8, 40, 12


def explained_toy(toy: Toy, screen: Screen) -> Segments:
    """The walk over small matrices, and what is to be noted of it."""
    lines: list[Line] = []
    for number, step in enumerate(toy_steps(toy), 1):
        head = [Cell(str(number), INDENT), text_cell(step.title)]
        style = accent(screen, bold=True)
        lines.append(row([cell._replace(style=style) for cell in head], screen))
        lines += step_text(step.sentence, screen)
        source = f"   [{step.source}]" if step.source else ""
        lines += step_text(step.formula + source, screen, plain(screen, dim=True))
        for name, matrix, labels in step.matrices:
            lines += _matrix(name, matrix, labels, screen)
        lines.append([])
    for note in toy_notes(toy):
        lines += step_text(note, screen, indent=0)
    return picture(lines if toy_notes(toy) else lines[:-1])


def _matrix(
    name: str, matrix: npt.NDArray[Any], labels: tuple[str, ...], screen: Screen
) -> Iterator[Line]:
    """A matrix row by row; of a large one, its upper left corner."""
    names = [screen.writable(text) for text in labels]
    side = min(max([width_of(name) for name in names[:MOST_ROWS]] + [len(name)]), LONGEST) + 1
    longest = max(width_of(signed(value, 4)) for value in matrix[:MOST_ROWS, :MOST_WIDE].flat)
    column = longest + 2
    room = (screen.width - INDENT - side - 2) // column
    n = matrix.shape[1] if matrix.shape[1] <= room else max(room - 1, 1)
    dim = plain(screen, dim=True)
    yield row([Cell("", INDENT), text_cell(readable(ledger({name: matrix}), screen), dim)], screen)
    for i in range(min(len(matrix), MOST_ROWS)):
        cells = [
            Cell(readable(signed(value, 4), screen), column, None, "right")
            for value in matrix[i, :n].tolist()
        ]
        if n < matrix.shape[1]:
            cells.append(Cell(readable("…", screen)[:1], 2, dim, "right"))
        yield row([Cell("", INDENT), Cell(fit(names[i], side - 1), side, dim), *cells], screen)
    if len(matrix) > MOST_ROWS:
        more = f"and {len(matrix) - MOST_ROWS} more rows"
        yield row([Cell("", INDENT), Cell(more, len(more), dim)], screen)
