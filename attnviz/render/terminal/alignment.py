"""Two sentences side by side on the terminal, a line from each word to the word it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.segment import Segments

from attnviz.analysis.alignment import Aligned
from attnviz.render.terminal.colours import accent, plain
from attnviz.render.terminal.lines import Cell, footnotes, labels, picture, row
from attnviz.render.terminal.links import links
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Screen
from attnviz.result import Link

NUMBER = len(" 0.75")
GAP, NARROW_GAP, WIDE = 20, 8, 60  # columns for the lines, and from which width on they have more
WEAK = 0.5
DOTTED = f"A dotted line stands for a weight under {WEAK}."
DOTS = np.asarray([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot of a Braille character adds to its number: (row, column)."""
BRAILLE = 0x2800


def alignment(aligned: Aligned, screen: Screen) -> Segments:
    """The source on the left, its translation on the right with the weights of its links.

    Where the screen has no Braille to draw lines in, each link is listed.
    """
    if not screen.unicode:
        return links(aligned.links, aligned.target, aligned.source, screen)
    source, target = labels(aligned.source, screen), labels(aligned.target, screen)
    gap = GAP if screen.width >= WIDE else NARROW_GAP
    left, right = _widths(source, target, screen.width - gap - 2 - NUMBER)
    weights = {link.query: f" {link.weight:.2f}" for link in aligned.links}
    sources = {link.key for link in aligned.links}
    dim = plain(screen, dim=True)
    height = max(len(source), len(target))
    strokes = _strokes(aligned.links, height, gap)
    lines = []
    for place in range(height):
        from_ = fit(source[place], left) if place < len(source) else ""
        to = fit(target[place], right) if place < len(target) else ""
        cells = [
            Cell(from_, left, None if place in sources else dim, "right"),
            Cell(f" {strokes[place]} ", gap + 2, accent(screen)),
            Cell(to, right),
            Cell(weights.get(place, ""), NUMBER, dim),
        ]
        lines.append(row(cells, screen))
    weak = any(link.weight < WEAK for link in aligned.links)
    return picture([*lines, *footnotes([DOTTED] if weak else [], screen)])


def _widths(source: Sequence[str], target: Sequence[str], room: int) -> tuple[int, int]:
    """Columns for the words of both sides; where there are too few, the longer side has half."""
    left, right = (max(map(width_of, side), default=0) for side in (source, target))
    if left + right > room:
        half = room // 2
        left, right = (left, room - left) if left <= half else (max(half, room - right), right)
        right = min(right, room - left)
    return left, right


def _strokes(links: Sequence[Link], height: int, width: int) -> list[str]:
    """Lines in Braille from row to row, weak ones dotted, for each row of the picture."""
    dots = np.zeros((4 * height, 2 * width), bool)
    for link in links:
        x, y = _points(4 * link.key + 1, 4 * link.query + 1, 2 * width)
        some = slice(None, None, 2 if link.weight < WEAK else 1)
        dots[y[some], x[some]] = True
    numbers = (dots.reshape(height, 4, width, 2) * DOTS[:, None]).sum(axis=(1, 3))
    return ["".join(chr(BRAILLE + n) if n else " " for n in line) for line in numbers.tolist()]


def _points(begin: int, end: int, width: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Columns and rows of the dots of a line that is level but in its middle.

    There it falls a dot a column, if it has not to fall farther, so that lines that cross are seen
    to cross.
    """
    fall = abs(end - begin)
    x = np.linspace(0, width - 1, max(width, fall + 1))
    slope = max(1.0, fall / width)
    along = np.clip((x - (width - 1) / 2) * slope / max(fall, 1) + 0.5, 0, 1)
    y = begin + (end - begin) * along
    return np.floor(x + 0.5).astype(np.intp), np.floor(y + 0.5).astype(np.intp)
