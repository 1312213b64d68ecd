"""Pictures, sentences and tables as one HTML file: no script, no network, light and dark."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import BinaryIO, NamedTuple

from attnviz.render.page import asset, digest
from attnviz.render.page.shaded_page import PAGE
from attnviz.render.safe import visible

SHEET = """\
h1 { white-space: normal; overflow-wrap: anywhere; }
.part { margin: 0 0 2rem; padding: 18px 22px; background: var(--card); overflow-x: auto;
  border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shade); }
.part h2 { margin-bottom: 8px; }
.part p { max-width: 80ch; margin: 0 0 6px; overflow-wrap: anywhere; }
.part table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.part th { font-weight: 600; position: sticky; top: 0; background: var(--card); }
.part td, .part th { padding: 3px 9px; text-align: right; white-space: nowrap; }
.part td { vertical-align: top; }
.part td:last-child, .part th:last-child { text-align: left; }
.part td:last-child { white-space: normal; min-width: 11em; }
.part tbody tr:hover { background: color-mix(in oklab, var(--accent) 9%, transparent); }
.part img { max-width: 100%; height: auto; border-radius: 8px;
  vertical-align: top; }
.pictures { display: grid; gap: 14px; align-items: end;
  grid-template-columns: repeat(auto-fit, minmax(min(270px, 100%), 1fr)); }
.pictures figure { margin: 0; min-width: 0; max-width: max-content; }
.pictures figcaption { color: var(--quiet); margin-bottom: 6px; overflow-wrap: anywhere; }
.part dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 14px; margin: 0; }
.part dt { font-weight: 600; }
.part dd { margin: 0; color: var(--quiet); }
"""


class Picture(NamedTuple):
    """An SVG file, and what stands over it."""

    svg: bytes
    caption: str = ""


def write_plain_page(
    stream: BinaryIO, parts: Iterable[str], *, title: str, about: str = ""
) -> None:
    """Write parts, which the functions here make, one under the other."""
    style = asset("page.css") + SHEET
    page = PAGE.replace("base-uri", "img-src data:; base-uri")
    said = {"title": escape(visible(title)), "about": escape(visible(about))}
    stream.write(page.format(digest=digest(style), style=style, **said).encode())
    for part in parts:
        stream.write(part.encode())
    stream.write(b"</div>\n</body>\n</html>\n")


def pictures(shown: Sequence[Picture], *, heading: str = "", name: str = "") -> str:
    """Pictures beside each other where there is room; ``name`` is that of one without a caption."""
    figures = "".join(_figure(one, one.caption or heading or name) for one in shown)
    return _part(f'<div class="pictures">{figures}</div>', heading)


def sentences(said: Iterable[str], *, heading: str = "") -> str:
    """A paragraph for each sentence."""
    return _part("".join(f"<p>{_text(one)}</p>" for one in said), heading)


def table(names: Sequence[str], rows: Iterable[Sequence[str]], *, heading: str = "") -> str:
    """Rows under the names of their columns, all to the right but what the last one says."""
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>\n" for row in rows
    )
    return _part(f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>", heading)


def terms(meant: Mapping[str, str]) -> str:
    """Terms and what they mean."""
    said = "".join(f"<dt>{_text(term)}</dt><dd>{_text(what)}</dd>" for term, what in meant.items())
    return _part(f"<dl>{said}</dl>", "")


def _part(inside: str, heading: str) -> str:
    over = f"<h2>{_text(heading)}</h2>" if heading else ""
    return f'<section class="part">{over}{inside}</section>\n'


def _figure(picture: Picture, name: str) -> str:
    data = b64encode(picture.svg).decode()
    image = f'<img alt="{_text(name)}" src="data:image/svg+xml;base64,{data}">'
    said = _text(picture.caption)
    caption = f'<figcaption dir="auto">{said}</figcaption>' if said else ""
    return f"<figure>{caption}{image}</figure>"


def _text(said: str) -> str:
    return escape(visible(said))
