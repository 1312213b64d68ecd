"""Measures of all heads as one HTML file: a picture of one of them and a table of all."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import BinaryIO

from attnviz.analysis.labels import Label
from attnviz.analysis.measured import HeadMeasures
from attnviz.render.labels import labels_text
from attnviz.render.page import asset, digest
from attnviz.render.page.shaded_page import PAGE
from attnviz.render.safe import visible
from attnviz.result import Head

SHEET = """\
.measures { margin: 0 0 2rem; padding: 18px 22px; background: var(--card); overflow-x: auto;
  border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shade); }
.measures table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.measures th { font-weight: 600; position: sticky; top: 0; background: var(--card); }
.measures td, .measures th { padding: 3px 9px; text-align: right; white-space: nowrap; }
.measures td:last-child, .measures th:last-child { text-align: left; }
.measures tbody tr:hover { background: color-mix(in oklab, var(--accent) 9%, transparent); }
.measures img { max-width: 100%; height: auto; border-radius: 8px; }
.measures dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 14px; margin: 0; }
.measures dt { font-weight: 600; }
.measures dd { margin: 0; color: var(--quiet); }
"""


def write_measures_page(
    found: HeadMeasures,
    order: Sequence[Head],
    stream: BinaryIO,
    *,
    picture: bytes,
    titles: Mapping[str, str],
    labels: Mapping[Head, Sequence[Label]],
    title: str,
    about: str = "",
) -> None:
    """Write a picture, which is an SVG file, over the table of all heads in this order."""
    style = asset("page.css") + SHEET
    named = {"title": escape(visible(title)), "about": escape(visible(about))}
    page = PAGE.replace("base-uri", "img-src data:; base-uri")
    stream.write(page.format(digest=digest(style), style=style, **named).encode())
    data = b64encode(picture).decode()
    image = f'<img alt="{named["title"]}" src="data:image/svg+xml;base64,{data}">'
    stream.write(f'<section class="measures">{image}</section>\n'.encode())
    stream.write("".join(_table(found, order, labels)).encode())
    terms = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(titles[name])}</dd>" for name in found.names
    )
    stream.write(f'<section class="measures"><dl>{terms}</dl></section>\n'.encode())
    stream.write(b"</div>\n</body>\n</html>\n")


def _table(
    found: HeadMeasures, order: Sequence[Head], labels: Mapping[Head, Sequence[Label]]
) -> Iterator[str]:
    heads = "".join(f"<th>{escape(name)}</th>" for name in found.names)
    yield f'<section class="measures"><table><thead><tr><th>head</th>{heads}'
    yield "<th>found to be</th></tr></thead><tbody>\n"
    for head in order:
        numbers = "".join(
            f"<td>{'' if math.isnan(value) else f'{value:.2f}'}</td>"
            for value in found.of(head).values()
        )
        said = escape(labels_text(labels.get(head, ())))
        yield f"<tr><th>{head}</th>{numbers}<td>{said}</td></tr>\n"
    yield "</tbody></table></section>\n"
