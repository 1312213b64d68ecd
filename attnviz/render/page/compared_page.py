"""A comparison as one HTML file: both maps and their difference side by side, and what changed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import BinaryIO

from attnviz.render.page import asset, digest
from attnviz.render.page.measures_page import SHEET
from attnviz.render.page.shaded_page import PAGE
from attnviz.render.safe import visible


def write_compared_page(
    stream: BinaryIO,
    pictures: Iterable[tuple[str, bytes]],
    changes: Sequence[Sequence[str]],
    *,
    title: str,
    about: str,
) -> None:
    """Write pictures, each an SVG file with its heading, and under the first a table of changes.

    ``changes`` are rows of from, to, weight before, weight after, and head.
    """
    style = asset("page.css") + SHEET
    named = {"title": escape(visible(title)), "about": escape(visible(about))}
    page = PAGE.replace("base-uri", "img-src data:; base-uri")
    stream.write(page.format(digest=digest(style), style=style, **named).encode())
    table = _table(changes)
    for heading, picture in pictures:
        said, data = escape(visible(heading)), b64encode(picture).decode()
        image = f'<img alt="{said}" src="data:image/svg+xml;base64,{data}">'
        stream.write(f'<section class="measures"><h2>{said}</h2>{image}</section>\n'.encode())
        stream.write(table.encode())
        table = ""
    stream.write(b"</div>\n</body>\n</html>\n")


def _table(changes: Sequence[Sequence[str]]) -> str:
    names = "".join(f"<th>{name}</th>" for name in ("from", "to", "first", "second", "head"))
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(visible(cell))}</td>' for cell in row)}</tr>\n"
        for row in changes
    )
    return (
        f'<section class="measures"><h2>Links that change most</h2><table><thead><tr>{names}</tr>'
        f"</thead><tbody>\n{rows}</tbody></table></section>\n"
    )
