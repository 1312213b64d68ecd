"""Bars: a label, a number and a length for each entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from attnviz.render.terminal.lines import Cell
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.palette import accent, plain
from attnviz.render.terminal.screen import Screen

NUMBER = len(" 0.75 ")


class Bar(NamedTuple):
    """One entry of a chart; a faint one stands for many and has no bar."""

    label: str
    weight: float
    bold: bool = False
    faint: bool = False


def bars(title: str, entries: Sequence[Bar], width: int, screen: Screen) -> list[list[Cell]]:
    """Lines of cells, each exactly ``width`` wide; the longest bar fills what words leave."""
    longest = max((width_of(entry.label) for entry in entries), default=0)
    label = min(longest, max(width // 2, width - NUMBER - 24))
    room = width - label - NUMBER
    top = max((entry.weight for entry in entries if not entry.faint), default=0.0) or 1.0
    lines = [[Cell(fit(title, width), width, plain(screen.colour, bold=True))]]
    for entry in entries:
        emphasis = plain(screen.colour, bold=entry.bold, dim=entry.faint)
        length = "" if entry.faint else bar(entry.weight / top, room, screen)
        lines.append(
            [
                Cell(entry.label, label, emphasis),
                Cell(f" {entry.weight:.2f} ", NUMBER, emphasis),
                Cell(length, room, accent(screen.colour)),
            ]
        )
    return lines


def bar(share: float, width: int, screen: Screen) -> str:
    """A bar that fills a share of the width, in halves of a cell where the screen has them."""
    if not screen.unicode:
        return "=" * round(share * width)
    whole, half = divmod(round(share * width * 2), 2)
    return "━" * whole + "╸" * half
