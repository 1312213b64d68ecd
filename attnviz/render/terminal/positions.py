"""Encodings of positions on a terminal: each table as pixels, half a line for a position."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.segment import Segments

from attnviz.analysis.explain.positions import Positions, PositionTable
from attnviz.render.cells import blocks, pool
from attnviz.render.positions import heading, nothing, say_positions, scale_for
from attnviz.render.terminal.colours import Shading, accent, plain
from attnviz.render.terminal.explained import step_text
from attnviz.render.terminal.lines import Cell, Line, picture, row, text_cell
from attnviz.render.terminal.pixels import explained, pixels, rows_in_a_line
from attnviz.render.terminal.screen import Screen

SIDE = 6
MOST_ROWS = 128  # of pixels; of more positions each pixel shows the strongest number of several


def position_tables(positions: Positions, screen: Screen) -> Segments:
    """Every table with its sentence and formula."""
    lines = step_text(heading(positions), screen, plain(screen, bold=True), indent=0)
    if not positions.tables:
        lines += step_text(nothing(positions), screen, indent=0)
    for table in positions.tables:
        lines += [[], *_table(table, screen)]
    return picture(lines)


def _table(table: PositionTable, screen: Screen) -> Iterator[Line]:
    said, dim = say_positions(table), plain(screen, dim=True)
    yield row([text_cell(said.title, accent(screen, bold=True))], screen)
    yield from step_text(said.sentence, screen, indent=0)
    yield from step_text(f"{said.formula}   [{said.source}]", screen, dim, indent=0)
    n, d = table.values.shape
    down = "distance" if table.relative else "position"
    about = f"{down} down, {table.column} across ({n}×{d})"
    yield from step_text(about, screen, dim, indent=0)
    yield from _pixels(table, screen)


def _pixels(table: PositionTable, screen: Screen) -> Iterator[Line]:
    values = table.values.astype(np.float32)
    n, d = values.shape
    rows, columns = min(n, MOST_ROWS), min(d, screen.width - SIDE)
    wide = max(1, (screen.width - SIDE) // d) if d <= 32 else 1  # a few heads fill some room
    starts = blocks(n, rows)
    shown = np.repeat(pool(values, starts, blocks(d, columns)), min(wide, 4), axis=1)
    shading = Shading(scale_for(table, screen.colouring), screen.colour)
    each = rows_in_a_line(screen)
    lines = pixels(shown, shading, screen, np.zeros(shown.shape, np.bool_))
    for number, cells in enumerate(lines):
        place = str(table.rows[starts[number * each]]).replace("-", "−")
        side = Cell(screen.writable(place), SIDE - 1, None, "right")
        yield row([side, Cell("", 1), *cells], screen)
    yield from explained(shading, 1, screen)
