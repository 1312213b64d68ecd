"""Text whose units, words or sentences, carry a weight each: what every kind of picture shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from attnviz.render.safe import visible
from attnviz.result import FloatArray, Token


class Part(NamedTuple):
    """A word of a shaded text: what to write, the unit it belongs to, and what stands before it.

    ``unit`` is None between units. ``breaks`` says that a paragraph begins, ``glued`` that no
    space stands before the word.
    """

    text: str
    unit: int | None
    glued: bool = False
    breaks: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ShadedText:
    """A text with weights (unit,) for units that it holds from ``start`` to ``end``.

    ``title`` heads it, ``marked`` are the units to stand out.
    """

    text: str
    units: Sequence[Token]
    weights: FloatArray
    title: str = ""
    marked: frozenset[int] = frozenset()
    signed: bool = False
    notes: tuple[str, ...] = ()

    def parts(self) -> Iterator[Part]:
        """The words of the whole text in order, what lies between units included."""
        at = 0
        for number, unit in enumerate(self.units):
            start, end = unit.start, unit.end
            if start is None or end is None or not at <= start < end <= len(self.text):
                yield Part(visible(unit.text), number)
                continue
            yield from _words(self.text, at, start, None)
            yield from _words(self.text, start, end, number)
            at = end
        yield from _words(self.text, at, len(self.text), None)


def _words(text: str, start: int, end: int, unit: int | None) -> Iterator[Part]:
    at = start
    for word in text[start:end].split():
        at = text.index(word, at)
        before = text[max(at - 1, 0) : at]
        gap = text[_gap(text, at) : at]
        yield Part(
            visible(word),
            unit,
            glued=at > 0 and not before.isspace(),
            breaks=at > 0 and gap.count("\n") > 1,
        )
        at += len(word)


def _gap(text: str, at: int) -> int:
    """Where the space before a place begins."""
    while at and text[at - 1].isspace():
        at -= 1
    return at
