"""How much room texts take, so that labels never overlap and are never cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure

from attnviz.render.figure.fonts import families_for
from attnviz.render.figure.label import Label, lift

ROUNDING = 1e-6  # inches
BREAK = re.compile(r" (?!\d)|(?<!\bhead)(?<!\blayer) ")  # "head 3.1" stays together
LONGEST = 200  # characters; nothing longer fits any picture
JOINED = "\u200d\ufe0f\u20e3\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


class TextMeasurer:
    """Measures texts in inches, in fonts that have all their letters."""

    def __init__(self, texts: Iterable[str], dpi: int, font: str | None = None) -> None:
        self.families = families_for([lift(text)[0] for text in texts], font)
        self._renderer = RendererAgg(1, 1, dpi)  # type: ignore[no-untyped-call]
        self._label = Label(0, 0, "", fontfamily=self.families)
        self._label.set_figure(Figure((1, 1), dpi=dpi))
        self._known: dict[tuple[str, float, bool], tuple[float, float]] = {}

    def size(self, text: str, points: float, *, bold: bool = False) -> tuple[float, float]:
        """Width and height of a text on one line, in inches."""
        key = (text, points, bold)
        if key not in self._known:
            self._label.set(text=text, fontsize=points, fontweight="bold" if bold else "normal")
            box = self._label.get_window_extent(self._renderer)
            self._known[key] = box.width / self._renderer.dpi, box.height / self._renderer.dpi
        return self._known[key]

    def width(self, texts: Iterable[str], points: float, *, bold: bool = False) -> float:
        """The width of the widest text."""
        return max((self.size(text, points, bold=bold)[0] for text in texts), default=0.0)

    def height(self, texts: Iterable[str], points: float, *, bold: bool = False) -> float:
        """The height of the highest text."""
        return max((self.size(text, points, bold=bold)[1] for text in texts), default=0.0)

    def elide(self, text: str, points: float, room: float) -> str:
        """The text, or as much of it as fits the room with an ellipsis at its end."""
        if len(text) <= LONGEST and self.size(text, points)[0] <= room + ROUNDING:
            return text
        ends = _ends(text[:LONGEST])
        low, high = 0, len(ends) - 1
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.size(text[: ends[middle]] + "…", points)[0] <= room
            low, high = (middle, high) if fits else (low, middle - 1)
        return text[: ends[low]] + "…"

    def wrap(self, text: str, points: float, room: float, *, bold: bool = False) -> list[str]:
        """The text as lines that fit the room; words are broken only where one is too long."""
        lines: list[str] = []
        for word in filter(None, BREAK.split(" ".join(text.split()))):
            joined = f"{lines[-1]} {word}" if lines else word
            if lines and self.size(joined, points, bold=bold)[0] <= room:
                lines[-1] = joined
            else:
                lines += self._pieces(word, points, room, bold)
        return lines

    def _pieces(self, word: str, points: float, room: float, bold: bool) -> list[str]:
        if self.size(word, points, bold=bold)[0] <= room:
            return [word]
        pieces, start, last = [], 0, 0
        for end in _ends(word)[1:]:
            if last > start and self.size(word[start:end], points, bold=bold)[0] > room:
                pieces.append(word[start:last])
                start = last
            last = end
        return [*pieces, word[start:]]


def _ends(text: str) -> list[int]:
    """Where a text may be cut, from nothing to all: never before a mark, nor inside an emoji."""
    return [0] + [
        end
        for end in range(1, len(text) + 1)
        if end == len(text) or not (_clings(text[end]) or text[end - 1] == "\u200d")
    ]


def _clings(letter: str) -> bool:
    """Whether a character belongs to the one before it."""
    return letter in JOINED or category(letter)[0] == "M"
