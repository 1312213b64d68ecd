"""One line each: what is being shown, and the strongest links in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich.segment import Segments

from attnviz.analysis.answers import Longer
from attnviz.analysis.labels import Label
from attnviz.render.labels import first_found, short_name
from attnviz.render.numbers import counted
from attnviz.render.safe import visible
from attnviz.render.terminal.colours import accent, plain
from attnviz.render.terminal.lines import (
    Cell,
    Piece,
    footnotes,
    names,
    paragraph,
    picture,
    row,
    sentence,
    text_cell,
)
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Screen
from attnviz.result import Head, Link, ModelInfo, Token, Weighting

LEAST = 6  # columns in which what a head was found to do can be read


def title(
    model: ModelInfo,
    length: str,
    n_layers: int,
    n_heads: int,
    screen: Screen,
    line: int | None = None,
    longer: Longer | None = None,
) -> Segments:
    """``all-MiniLM-L6-v2 · 11 tokens · 6 layers × 12 heads``, and which line the text stood on."""
    dim = plain(screen, dim=True)
    size = f"{counted(n_layers, 'layer')} × {counted(n_heads, 'head')}"
    where = "" if line is None else f" · line {line}"
    trained = f" (trained on {longer.trained})" if longer else ""
    said = f"· {length}{trained} · {size}{where}".split()
    name = Piece(screen.writable(visible(model.name)), plain(screen, bold=True))
    return picture(paragraph([name, *(Piece(word, dim) for word in said)], screen))


def generated(text: str, screen: Screen) -> Segments:
    """What a model wrote, or was given to have written, as a paragraph behind an arrow."""
    words = [Piece(screen.writable(visible(word))) for word in text.split()]
    arrow = Piece(screen.writable("→"), plain(screen, dim=True))
    return picture(paragraph([arrow, *words], screen))


def links(
    links: Sequence[Link],
    queries: Sequence[Token],
    keys: Sequence[Token],
    screen: Screen,
    *,
    heading: str = "",
    notes: Sequence[str] = (),
    weighting: Weighting = "raw",
    labels: Mapping[Head, Sequence[Label]] = MappingProxyType({}),
) -> Segments:
    """A line for each link, as ``it → hat 0.75 in 3.1``, under a heading and over notes.

    Behind the head stands the first thing that it was found to do.
    """
    froms, tos = names(queries, screen), names(keys, screen)
    longest = max((width_of(froms[link.query]) for link in links), default=0)
    left = min(longest, screen.width // 3)
    room = screen.width - left - len(" →  0.75 in 11.11")
    listed = []
    for link in links:
        cells = [
            Cell(froms[link.query], left, None, "right"),
            Cell(" → ", 3, plain(screen, dim=True)),
            text_cell(fit(tos[link.key], room), None),
            text_cell(f" {link.weight:.2f}", plain(screen, bold=True)),
            text_cell(" in ", plain(screen, dim=True)),
            text_cell(short_name(link.head, weighting), accent(screen, bold=True)),
        ]
        said = f" {first_found(link.head, labels, weighting)}".rstrip()
        rest = screen.width - sum(cell.width for cell in cells)
        said = fit(screen.writable(screen.signs(said)), rest) if rest > LEAST else ""
        listed.append(row([*cells, text_cell(said, plain(screen, dim=True))], screen))
    above = sentence(heading, screen, plain(screen, bold=True))
    return picture([*above, *listed, *footnotes(notes, screen)])
