"""Texts as pictures: running words on grounds that show the weights of their units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from attnviz.errors import InputError
from attnviz.render.colour import Scale, is_dark, scale_of
from attnviz.render.figure.canvas import INK, PAD, Canvas
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.numbers import short
from attnviz.render.safe import visible
from attnviz.render.shading import ShadedText
from attnviz.render.style import Style

DEFAULT = Style()
TEXT, HEADING = 10.0, 8.5  # points
SIZES = (10.0, 9.0, 8.0, 7.0, 6.0, 5.0)  # points that a given size may need
USUAL = 6.5  # inches across
LEADING, GROUND = 1.75, 1.5  # of the size of letters: from line to line, and a word's ground
PAD_WORD = 0.025  # inches at both sides of a word
BETWEEN, HEAD = 0.14, 0.19  # inches between texts and for their headings
MOST_WORDS = 1500


class _Placed(NamedTuple):
    """A word at x on a line, behind a gap; ``glued`` says that there is none.

    ``joined`` says that the word before belongs to the same unit.
    """

    text: str
    unit: int | None
    x: float
    width: float
    line: int
    gap: float
    glued: bool
    joined: bool


def shaded_texts(texts: Sequence[ShadedText], style: Style = DEFAULT) -> Figure:
    """Draw texts below each other, each with its title and a colour scale of its own."""
    if not texts:
        raise InputError("there is no text to draw")
    with plain_settings():
        return _Shaded(texts, style).draw()


class _Shaded:
    """What stays the same while the size of the letters is looked for."""

    def __init__(self, texts: Sequence[ShadedText], style: Style) -> None:
        self.texts, self.style = texts, style
        self.scales = [
            scale_of(style.colouring, [text.weights], signed=text.signed) for text in texts
        ]
        self.parts = [list(text.parts()) for text in texts]
        if sum(map(len, self.parts)) > MOST_WORDS:
            raise InputError(
                f"a picture holds up to {MOST_WORDS:,} words and these are more; write .html"
            )
        heading = style.title if isinstance(style.title, str) else ""
        written = [part.text for parts in self.parts for part in parts]
        notes = [note for text in texts for note in text.notes]
        notes += [_scale_note(text, scale) for text, scale in zip(texts, self.scales, strict=True)]
        titles = [visible(text.title) for text in texts]
        self.measurer = TextMeasurer(
            [*written, *titles, *notes, heading, "…"], style.dpi, style.font
        )
        self.frame = Frame.around(heading, notes, self.width, self.measurer)

    @property
    def width(self) -> float:
        """Inches across."""
        return self.style.size[0] if self.style.size else USUAL

    def draw(self) -> Figure:
        """The texts in the largest letters that fit."""
        for points in SIZES if self.style.size else (TEXT,):
            placed = [self._place(number, points) for number in range(len(self.texts))]
            height = self.frame.above + self._height(placed, points) + self.frame.below
            if self.style.size is None or height <= self.style.size[1]:
                break
        else:
            raise no_room(self.style.size or (0, 0), "its text")
        tall = self.style.size[1] if self.style.size else height
        canvas = Canvas(self.width, tall, self.style.dpi, self.measurer)
        self.frame.draw(canvas)
        y = self.frame.above
        for number, words in enumerate(placed):
            y = self._draw_text(canvas, number, words, points, y) + BETWEEN
        return canvas.figure

    def _height(self, placed: Sequence[Sequence[_Placed]], points: float) -> float:
        lines = sum(words[-1].line + 1 for words in placed if words)
        heads = sum(HEAD for text in self.texts if self._titled(text))
        return lines * points / 72 * LEADING + heads + BETWEEN * (len(placed) - 1)

    def _titled(self, text: ShadedText) -> bool:
        return bool(text.title) and self.style.title is not False

    def _place(self, number: int, points: float) -> list[_Placed]:
        """Where each word of a text stands."""
        room = self.width - 2 * PAD
        space = self.measurer.size("n n", points)[0] - self.measurer.size("nn", points)[0]
        placed: list[_Placed] = []
        x, line = 0.0, 0
        for part in self.parts[number]:
            text = self.measurer.elide(part.text, points, room - 2 * PAD_WORD)
            bold = part.unit in self.texts[number].marked
            width = self.measurer.size(text, points, bold=bold)[0]
            gap = 0.0 if part.glued or not x else space
            if x and (part.breaks or x + gap + width > room):
                x, gap, line = 0.0, 0.0, line + 1
            joined = bool(x) and bool(placed) and placed[-1].unit == part.unit
            glued = part.glued and bool(x)
            placed.append(_Placed(text, part.unit, x + gap, width, line, gap, glued, joined))
            x += gap + width
        return placed

    def _draw_text(
        self, canvas: Canvas, number: int, words: Sequence[_Placed], points: float, y: float
    ) -> float:
        """Draw one text from y down; the inches at which it ends."""
        text, scale = self.texts[number], self.scales[number]
        if self._titled(text):
            canvas.write(PAD, y + HEAD / 2, visible(text.title), HEADING, bold=True)
            y += HEAD
        line, ground = points / 72 * LEADING, points / 72 * GROUND
        inks = []
        for word, following in zip(words, [*words[1:], None], strict=True):
            middle = y + (word.line + 0.5) * line
            if word.unit is None:
                inks.append(INK)
                continue
            colour = scale.colours(text.weights[word.unit])
            left = word.x - (word.gap if word.joined else 0 if word.glued else PAD_WORD)
            closed = following is not None and following.glued and following.line == word.line
            wide = word.x + word.width + (0 if closed else PAD_WORD) - left
            canvas.box(
                PAD + left, middle - ground / 2, wide, ground, tuple((colour / 255).tolist())
            )
            inks.append("white" if is_dark(colour) else "black")
        for word, ink in zip(words, inks, strict=True):  # over every ground
            middle = y + (word.line + 0.5) * line
            bold = word.unit in text.marked
            canvas.write(PAD + word.x, middle, word.text, points, color=ink, bold=bold)
        return y + (words[-1].line + 1 if words else 0) * line


def _scale_note(text: ShadedText, scale: Scale) -> str:
    """What the strongest colour stands for."""
    named = f"{visible(text.title)}: " if text.title else ""
    plus = "+" if scale.signed else ""
    ends = f"{short(scale.low)} to {plus}{short(scale.high)}"
    return f"{named}{scale.name} colours from {ends}"
