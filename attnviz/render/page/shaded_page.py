"""Shaded texts as one HTML file: no script, no network, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from attnviz.render.colour import is_dark, table
from attnviz.render.page import asset, digest
from attnviz.render.safe import visible
from attnviz.render.shading import ShadedText
from attnviz.render.style import Ground

LEVELS = 20
STRONG = 0.6  # of the way to the accent, from where letters are light

SHEET = """\
.shaded { max-width: 46rem; margin: 0 0 2rem; padding: 18px 22px; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shade); }
.shaded p { font-size: 16px; line-height: 1.9; margin: 0 0 0.8em; overflow-wrap: anywhere; }
.shaded h2 { margin-bottom: 8px; }
.shaded ul { margin-top: 10px; color: var(--quiet); font-size: 12.5px; }
.unit { padding: 2px 1px; border-radius: 4px; -webkit-box-decoration-break: clone;
  box-decoration-break: clone; }
.marked { box-shadow: inset 0 -2px 0 var(--warm); font-weight: 600; }
"""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src {digest}; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><div class="about"><h1 dir="auto">{title}</h1><p id="model">{about}</p></div></header>
<div role="main">
"""


def write_shaded_page(
    texts: Sequence[ShadedText],
    stream: BinaryIO,
    *,
    title: str,
    about: str = "",
    palette: str | None = None,
) -> None:
    """Write texts below each other; pointing at a unit tells its weight.

    Without a ``palette`` the shades are those of the page's own inks.
    """
    shades = rules() if palette is None else palette_rules(palette)
    style = asset("page.css") + SHEET + "".join(shades)
    named = escape(visible(title))
    about = escape(visible(about))
    stream.write(PAGE.format(digest=digest(style), style=style, title=named, about=about).encode())
    for text in texts:
        stream.write("".join(_section(text)).encode())
    stream.write(b"</div>\n</body>\n</html>\n")


def rules() -> Iterator[str]:
    """A class for each level: ``w0`` to ``w20``, of what is signed ``p`` above 0, ``n`` below."""
    for letter, ink in (("w", "--accent"), ("p", "--warm"), ("n", "--accent")):
        for level in range(LEVELS + 1):
            share = level / LEVELS
            light = " color: var(--on-accent);" if share > STRONG else ""
            mix = f"color-mix(in oklab, var({ink}) {share:.0%}, transparent)"
            yield f".{letter}{level} {{ background: {mix};{light} }}\n"


def palette_rules(palette: str) -> Iterator[str]:
    """The same classes in the colours of a palette, on a light ground and on a dark one."""
    grounds: tuple[tuple[Ground, str, str], ...] = (
        ("light", "", ""),
        ("dark", "@media (prefers-color-scheme: dark) {\n", "}\n"),
    )
    for ground, before, after in grounds:
        up, around = table(palette, ground), table(palette, ground, signed=True)
        last = len(up) - 1
        yield before
        for level in range(LEVELS + 1):
            yield _rule(f"w{level}", up[round(level / LEVELS * last)])
            for letter, side in (("p", 1), ("n", -1)):
                yield _rule(
                    f"{letter}{level}", around[round((1 + side * level / LEVELS) / 2 * last)]
                )
        yield after


def _rule(name: str, colour: npt.NDArray[np.uint8]) -> str:
    ink = "#fff" if is_dark(colour) else "#000"
    return f".{name} {{ background: rgb({', '.join(map(str, colour.tolist()))}); color: {ink}; }}\n"


def _section(text: ShadedText) -> Iterator[str]:
    top = float(np.abs(text.weights).max(initial=0)) or 1.0
    yield '<section class="shaded">\n'
    if text.title:
        yield f'<h2 dir="auto">{escape(visible(text.title))}</h2>\n'
    yield '<p dir="auto">'
    unit: int | None = None
    for part in text.parts():
        gap = "" if part.glued else " "
        if part.unit != unit or part.breaks:
            yield "" if unit is None else "</span>"
            yield '</p>\n<p dir="auto">' if part.breaks else gap
            unit, gap = part.unit, ""
            if unit is not None:
                yield _opened(float(text.weights[unit]), top, text, unit)
        yield gap + escape(part.text)
    yield "</p>\n" if unit is None else "</span></p>\n"
    if text.notes:
        items = "".join(f"<li>{escape(visible(note))}</li>" for note in text.notes)
        yield f"<ul>{items}</ul>\n"
    yield "</section>\n"


def _opened(weight: float, top: float, text: ShadedText, unit: int) -> str:
    level = round(abs(weight) / top * LEVELS)
    letter = ("n" if weight < 0 else "p") if text.signed else "w"
    marked = " marked" * (unit in text.marked)
    return f'<span class="unit {letter}{level}{marked}" title="{weight:.3f}">'
