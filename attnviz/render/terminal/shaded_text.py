"""A text on the terminal, its words or sentences on grounds that show their weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.segment import Segments
from rich.style import Style

from attnviz.render.shading import Part, ShadedText
from attnviz.render.terminal.colours import Shading
from attnviz.render.terminal.lines import Cell, footnotes, picture, row, sentence
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Screen


def shaded_text(shaded: ShadedText, screen: Screen) -> Segments:
    """The whole text, wrapped between words; marked units are underlined."""
    shading = Shading.over(shaded.weights, screen, shaded.signed)
    levels = shading.levels(shaded.weights).tolist()
    styles = [
        _underlined(shading.cell(level)) if unit in shaded.marked else shading.cell(level)
        for unit, level in enumerate(levels)
    ]
    lines = [
        row(cells, screen) for cells in _flow(shaded, styles, shading.cell(shading.nothing), screen)
    ]
    return picture([*lines, *footnotes(shaded.notes, screen)])


def paragraph_of(text: str, screen: Screen) -> Segments:
    """Plain text, wrapped between words where it goes to a terminal and on one line elsewhere."""
    wide = screen if screen.anchored else replace(screen, width=max(screen.width, 2 * len(text)))
    return picture(sentence(text, wide))


def notes_of(notes: Sequence[str], screen: Screen) -> Segments:
    """What must be said with pictures, each on lines of its own."""
    return picture(footnotes(notes, screen))


def _underlined(style: Style | None) -> Style | None:
    return None if style is None else style + Style(underline=True)


def _flow(
    shaded: ShadedText, styles: list[Style | None], ground: Style | None, screen: Screen
) -> Iterator[list[Cell]]:
    """The cells of each line; the space inside a unit has the unit's style."""
    line: list[Cell] = []
    used, before = 0, None
    for part in shaded.parts():
        text = fit(screen.writable(part.text), screen.width)
        gap = int(bool(line) and not part.glued)
        if line and (part.breaks or used + gap + width_of(text) > screen.width):
            yield line
            if part.breaks:
                yield []
            line, used, gap = [], 0, 0
        if gap:
            line.append(Cell(" ", 1, _style(part, styles, ground, inside=part.unit == before)))
        line.append(Cell(text, width_of(text), _style(part, styles, ground, inside=True)))
        used += gap + width_of(text)
        before = part.unit
    if line:
        yield line


def _style(
    part: Part, styles: list[Style | None], ground: Style | None, *, inside: bool
) -> Style | None:
    return styles[part.unit] if inside and part.unit is not None else ground
