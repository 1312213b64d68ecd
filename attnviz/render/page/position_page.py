"""Encodings of positions as one HTML file: a strip for each position, and how alike they are."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import BinaryIO

import numpy as np

from attnviz.analysis.explain.positions import Positions, PositionTable
from attnviz.render.explained_numbers import shape_of
from attnviz.render.page.walk_page import Screen, write_screens
from attnviz.render.page.walk_svg import strip
from attnviz.render.positions import heading, nothing, say_positions

MOST_SHADED = 0.99  # of the numbers; a few of a learned table stand far out
MOST_ROWS, FEW_ROWS = 96, 14  # that are drawn, in full and small


def write_position_page(
    positions: Positions, stream: BinaryIO, *, title: str | None = None
) -> None:
    """Write all tables as one file, by itself and without any network."""
    lead = "" if positions.tables else f'<p class="said">{escape(nothing(positions))}</p>'
    screens = [_screen(table) for table in positions.tables]
    about = f"{sum(len(table.rows) for table in positions.tables)} rows in all"
    write_screens(screens, stream, title=title or heading(positions), about=about, lead=lead)


def _screen(table: PositionTable) -> Screen:
    said = say_positions(table)
    rows = _shown(table)
    top = float(np.quantile(np.abs(table.values), MOST_SHADED)) or 1.0
    small = rows[:: max(1, len(rows) // FEW_ROWS)][:FEW_ROWS]
    strips = "".join(f"<li>{strip(table.values[i], top, small=True)}</li>" for i in small)
    return Screen(
        title=said.title,
        sentence=said.sentence,
        formula=said.formula,
        source=said.source,
        shapes=f"{'distance' if table.relative else 'position'} × {table.column} "
        f"({shape_of(table.values)})",
        body="".join(_body(table, rows, top)),
        thumbnail=f'<ul class="rows">{strips}</ul>',
        gist=shape_of(table.values),
        outputs=f"{table.column}s ({shape_of(table.values)})",
    )


def _shown(table: PositionTable) -> list[int]:
    """The rows that are drawn: the first, or those of the nearest distances."""
    order = np.argsort(np.abs(table.rows), kind="stable")[:MOST_ROWS]
    return sorted(order.tolist())


def _body(table: PositionTable, rows: list[int], top: float) -> Iterator[str]:
    """A strip for each row and, beside it, how alike it is to the others."""
    beside = table.alike is not None
    head = f"{'distance' if table.relative else 'position'}"
    alike = '<th scope="col">cosine with each position</th>' if beside else ""
    yield (
        '<div class="scroll"><table class="strips dense">'
        f'<tr><th scope="col">{head}</th><th scope="col">{table.column}s</th>{alike}</tr>'
    )
    for i in rows:
        cosines = "" if table.alike is None else f"<td>{strip(table.alike[i][rows], 1.0)}</td>"
        number = str(table.rows[i]).replace("-", "−")
        yield (
            f'<tr><th scope="row" class="number">{number}</th>'
            f"<td>{strip(table.values[i], top)}</td>{cosines}</tr>"
        )
    left = len(table.rows) - len(rows)
    yield "</table></div>" + (f'<p class="quiet">and {left} more</p>' if left else "")
