"""Where a word looks, or who looks at it, as bars: over all heads, and in those that say most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.answers import WordAttention
from attnviz.errors import InputError
from attnviz.render.claims import claim_text, title_of_claims
from attnviz.render.colour import scale_of, share_of_palette
from attnviz.render.figure.canvas import GREY, INK, MUTED, PAD, RULE, Canvas
from attnviz.render.figure.canvas import NARROWEST as NARROWEST_CANVAS
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.figure.side import ordinal
from attnviz.render.labels import heads_named
from attnviz.render.numbers import decimals, short, written
from attnviz.render.safe import token_label, visible
from attnviz.render.sentences import (
    answer_notes,
    asked_word,
    longer_notes,
    mean_of,
    percent,
    question,
)
from attnviz.render.style import Style
from attnviz.result import FloatArray

DEFAULT = Style()
ROW, HIGHEST_ROW = 0.19, 0.3  # inches from one bar to the next
FILLED = 0.62  # of a row that its bar fills
LABELS = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0)  # points
FIRST = 500  # characters of a label; no picture has room for more
LABEL, HEADING, COLUMN_HEADING, DIGITS = 8.5, 9.0, 7.0, 6.5  # points, where there is room
COLUMN, NARROWEST = 1.3, 0.6  # inches for the bars of one head and their numbers
GAP, AIR = 0.2, 0.05  # inches between columns, and around texts
HAIRLINE = 0.008  # inches
HEADING_LINES = 2
ABOVE, BETWEEN = 0.3, 0.2  # inches for the headings of columns, and between answers
QUESTION = 0.2  # inches for the heading of an answer
ABOUT, ABOUT_HEIGHT = 7.0, 0.16  # points and inches of the text that it is about, where several are
LONGEST_LABEL, SHARE = 1.6, 0.3  # inches; of a given width
MOST_KEYS = 24  # of a longer text only the keys that get most are shown
STRONGEST, OTHERS = 0.75, 0.4  # places in the palette


def answers(asked: Sequence[WordAttention], style: Style = DEFAULT, *, title: str = "") -> Figure:
    """Draw the bars of each answer: the mean over its heads, then the heads that say most."""
    if not asked:
        raise InputError("there is no answer to draw; ask about a word")
    with plain_settings():
        return _Bars(list(asked), style, title).draw()


class _Layout(NamedTuple):
    """How many keys and heads there is room for, and inches for labels, columns and rows."""

    keys: int
    columns: int
    label: float
    column: float
    row: float
    frame: Frame
    size: tuple[float, float]


class _Bars:
    """What stays the same while the room for the bars is looked for."""

    def __init__(self, asked: list[WordAttention], style: Style, title: str) -> None:
        self.asked, self.style = asked, style
        asked_of = _question(asked[0]) if len(asked) == 1 else ""
        self.title = style.heading(", ".join(filter(None, (asked_of, title))))
        rows = [column.row for answer in asked for column in _columns(answer)]
        self.top = scale_of(style.colouring, rows).high
        self.places = decimals(max(float(row.max()) for row in rows))
        self.strong, self.weak = (
            share_of_palette(style.palette, place) for place in (STRONGEST, OTHERS)
        )
        self.names = {token_label(key, FIRST) for answer in asked for key in answer.keys}
        words = map(_question, asked)
        self.texts = list(dict.fromkeys(answer.text for answer in asked))
        notes = (visible(note) for answer in asked for note in _notes(answer))
        abouts = (visible(text) for text in self.texts)
        texts = [visible(self.title), *self.names, *words, *abouts, *notes, "…“”"]
        self.measurer = TextMeasurer(texts, style.dpi, style.font)

    def draw(self) -> Figure:
        """Find the room for the bars, then draw everything in its place."""
        layout = self._arrange()
        canvas = Canvas(*layout.size, self.style.dpi, self.measurer, self.style.ax)
        layout.frame.draw(canvas)
        y = layout.frame.above
        for answer in self.asked:
            y = self._draw_answer(canvas, answer, layout, y) + BETWEEN
        return canvas.figure

    def _draw_answer(
        self, canvas: Canvas, answer: WordAttention, layout: _Layout, y: float
    ) -> float:
        """Draw one answer from y down; the inches at which it ends."""
        if len(self.asked) > 1:
            asked = self.measurer.elide(_question(answer), HEADING, canvas.width - 2 * PAD)
            canvas.write(PAD, y + QUESTION / 2, asked, HEADING, bold=True)
            y += QUESTION
        if len(self.texts) > 1:
            text = self.measurer.elide(visible(answer.text), ABOUT, canvas.width - 2 * PAD)
            canvas.write(PAD, y + ABOUT_HEIGHT / 2, text, ABOUT, color=GREY)
            y += ABOUT_HEIGHT
        shown = _strongest(answer, layout.keys)
        points = self._points(layout.row)
        left, y = PAD + layout.label, y + ABOVE
        for i, key in enumerate(shown):
            token = answer.keys[key]
            text = self.measurer.elide(token_label(token), points, layout.label - AIR)
            color = MUTED if token.special else INK
            middle = y + (i + 0.5) * layout.row
            canvas.write(left - AIR, middle, text, points, color=color, align="right")
        for column in _columns(answer)[: layout.columns]:
            top = shown.index(column.top) if column.top in shown else None
            lines = self.measurer.wrap(column.title, COLUMN_HEADING, layout.column + GAP - AIR)
            for j, line in enumerate(reversed(lines[:HEADING_LINES])):
                level = y - AIR - (j + 0.5) * COLUMN_HEADING / 72 * 1.2
                canvas.write(left, level, line, COLUMN_HEADING, color=GREY)
            self._draw_bars(canvas, column.row[shown], top, (left, y), layout)
            left += layout.column + GAP
        return y + len(shown) * layout.row

    def _draw_bars(
        self,
        canvas: Canvas,
        weights: FloatArray,
        top: int | None,
        corner: tuple[float, float],
        layout: _Layout,
    ) -> None:
        """Draw the bars of one head, the one that it looks at most darker than the others."""
        x, y = corner
        points = min(DIGITS, layout.row * 72)
        longest = (
            layout.column
            - AIR
            - self.measurer.size(written(self.top, self.places), points, bold=True)[0]
        )
        canvas.box(x, y, HAIRLINE, len(weights) * layout.row, RULE)
        for i, weight in enumerate(weights.tolist()):
            length = longest * min(max(weight / self.top, 0), 1)
            color = self.strong if i == top else self.weak
            thick = FILLED * layout.row
            canvas.box(x, y + i * layout.row + (layout.row - thick) / 2, length, thick, color)
            said = written(weight, self.places)
            if said != "0":
                place = (x + length + AIR * 0.7, y + (i + 0.5) * layout.row)
                ink = INK if i == top else GREY
                canvas.write(*place, said, points, color=ink, bold=i == top)

    def _arrange(self) -> _Layout:
        n_columns = max(len(_columns(answer)) for answer in self.asked)
        widest = self.measurer.width(self.names, LABEL) + AIR
        size = self.style.size
        if size is None:
            room = min(widest, LONGEST_LABEL)
            width = max(2 * PAD + room + n_columns * (COLUMN + GAP) - GAP, NARROWEST_CANVAS)
            frame = self._frame(width, MOST_KEYS)
            height = frame.above + self._height(MOST_KEYS, ROW) + frame.below
            return _Layout(MOST_KEYS, n_columns, room, COLUMN, ROW, frame, (width, height))
        room = min(widest, SHARE * size[0])
        free = size[0] - 2 * PAD - room + GAP
        n_columns = min(n_columns, int(free / (NARROWEST + GAP)))
        for keys in range(MOST_KEYS, 0, -1):
            frame = self._frame(size[0], keys)
            row = self._row(size[1] - frame.above - frame.below, keys)
            if n_columns and self._points(row):
                return _Layout(keys, n_columns, room, free / n_columns - GAP, row, frame, size)
        raise no_room(size, "its bars")

    def _points(self, row: float) -> float:
        """The largest size of labels no higher than a row, 0 if none is large enough."""
        fitting = (
            p for p in LABELS if p <= row * 72 and self.measurer.height(self.names, p) <= row
        )
        return next(fitting, 0.0)

    def _height(self, keys: int, row: float) -> float:
        """Inches that all answers take with at most so many keys each."""
        rows = sum(min(keys, len(answer.keys)) for answer in self.asked)
        return rows * row + self._headings

    def _row(self, height: float, keys: int) -> float:
        """The inches of a row for which all answers fit a height."""
        rows = sum(min(keys, len(answer.keys)) for answer in self.asked)
        return min((height - self._headings) / rows, HIGHEST_ROW)

    @property
    def _headings(self) -> float:
        several = len(self.asked) > 1
        above = ABOVE + QUESTION * several + ABOUT_HEIGHT * (len(self.texts) > 1)
        return len(self.asked) * (above + BETWEEN) - BETWEEN

    def _frame(self, width: float, keys: int) -> Frame:
        notes = []
        for answer in self.asked:
            of = f"{self._named(answer)}: " if len(self.asked) > 1 else ""
            left_out = set(range(len(answer.keys))) - set(_strongest(answer, keys))
            share = float(answer.mean[sorted(left_out)].sum())
            notes += [of + note for note in _notes(answer)]
            notes += longer_notes(answer.longer)
            if left_out:
                notes.append(
                    f"{of}only the {keys} of {len(answer.keys)} keys that get most; "
                    f"the others get {percent(share)} of the mean"
                )
        notes.append(f"bars go from 0 to {short(self.top)}")
        shown = notes if self.style.notes else []
        return Frame.around(self.title, shown, width, self.measurer)

    def _named(self, answer: WordAttention) -> str:
        """The word that a note is about and, where there are several texts, in which it stands."""
        word = asked_word(answer)
        if len(self.texts) == 1:
            return word
        return f"{word} in the {ordinal(self.texts.index(answer.text) + 1)} text"


class _Column(NamedTuple):
    """The bars of one head or of the mean: a row float32 (key,) and the key it is about."""

    title: str
    row: FloatArray
    top: int


def _columns(answer: WordAttention) -> list[_Column]:
    """The mean, then the heads that say most; a head alone has one column."""
    mean = _Column(mean_of(answer), answer.mean, answer.top)
    if answer.alone is not None:
        return [mean]
    heads = zip(answer.heads, answer.rows, answer.tops, strict=True)
    return [
        mean,
        *(_Column(heads_named([head], answer.weighting), row, top) for head, row, top in heads),
    ]


def _strongest(answer: WordAttention, most: int) -> list[int]:
    """The keys to show, in their order: all, or those that get most from any row shown."""
    highest = np.max([column.row for column in _columns(answer)], axis=0)
    return sorted(np.argsort(-highest, kind="stable")[:most].tolist())


def _question(answer: WordAttention) -> str:
    """``Where “it” looks: it refers to hat (.93)``, as far as a lens says something."""
    asked, said = question(answer), title_of_claims(answer.claims)
    return f"{asked}: {said}" if said else asked


def _notes(answer: WordAttention) -> list[str]:
    return [*map(claim_text, answer.claims), *answer_notes(answer)]
