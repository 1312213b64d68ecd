"""Two sentences as columns of words, a line from each word to the word it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.alignment import Aligned
from attnviz.errors import InputError
from attnviz.render.colour import Scale, scale_of
from attnviz.render.figure.canvas import GREY, INK, MUTED, NARROWEST, PAD, Canvas
from attnviz.render.figure.frame import Frame, scale_note
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.safe import token_label
from attnviz.render.style import Style

DEFAULT = Style()
ROW, LOWEST_ROW, HIGHEST_ROW, BETWEEN = 0.2, 0.09, 0.3, 0.5  # inches; between texts in rows
POINTS, SMALLEST, SMALLER = 9.0, 5.0, 0.78  # of words, and of their weights beside them
GAP, LEAST_GAP = 1.5, 0.5  # inches for the lines
BESIDE = 0.06  # inches between a word and its line
THIN, THICK = 0.6, 2.4  # points of a line, from no weight to all of it
LONGEST, WIDEST = 200, 2.5  # characters and inches of a word


class _Columns(NamedTuple):
    """Where lines begin and end, and the room that words have on both sides."""

    left: float
    right: float
    rooms: tuple[float, float]


def alignments(
    texts: Sequence[Aligned],
    style: Style = DEFAULT,
    *,
    title: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw pairs of sentences below each other, the source on the left."""
    rows = sum(max(len(text.source), len(text.target)) for text in texts)
    if not rows:
        raise InputError("there is no word to draw")
    heading, weights = style.heading(title), _weights(texts)
    scale = scale_of(style.colouring, [weights])
    said = [*notes, scale_note(scale)] if style.notes else []
    with plain_settings():
        written = [
            token_label(word, LONGEST) for text in texts for word in (*text.source, *text.target)
        ]
        measurer = TextMeasurer([*written, *said, heading, "0.…"], style.dpi, style.font)
        width, columns = _lay_across(texts, style, measurer)
        frame = Frame.around(heading, said, width, measurer)
        row = _row(style, frame, rows + BETWEEN * (len(texts) - 1))
        tall = frame.above + row * (rows + BETWEEN * (len(texts) - 1)) + frame.below
        canvas = Canvas(width, style.size[1] if style.size else tall, style.dpi, measurer)
        frame.draw(canvas)
        y = frame.above
        for text in texts:
            _draw(canvas, text, scale, columns, (y, row), measurer)
            y += row * (max(len(text.source), len(text.target)) + BETWEEN)
        return canvas.figure


def _weights(texts: Sequence[Aligned]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.asarray([link.weight for text in texts for link in text.links], np.float32)


def _lay_across(
    texts: Sequence[Aligned], style: Style, measurer: TextMeasurer
) -> tuple[float, _Columns]:
    """The width of the picture, and where its columns stand in it."""
    number = measurer.size("0.00", POINTS * SMALLER)[0] + BESIDE
    sides = [
        min(measurer.width({token_label(word, LONGEST) for word in side}, POINTS), WIDEST)
        for side in (
            [word for text in texts for word in text.source],
            [word for text in texts for word in text.target],
        )
    ]
    around = 2 * (PAD + BESIDE) + number
    width = style.size[0] if style.size else max(NARROWEST, around + sum(sides) + GAP)
    gap = max(min(GAP, width - around - sum(sides)), LEAST_GAP)
    room = width - around - gap
    if room <= 0:
        raise no_room(style.size or (width, 0), "its words")
    share = min(1.0, room / sum(sides))
    spare = (room - share * sum(sides)) / 2
    left = PAD + spare + share * sides[0] + BESIDE
    return width, _Columns(left, left + gap, (share * sides[0], share * sides[1]))


def _row(style: Style, frame: Frame, rows: float) -> float:
    """The inches of a row."""
    if style.size is None:
        return ROW
    row = min((style.size[1] - frame.above - frame.below) / rows, HIGHEST_ROW)
    if row < LOWEST_ROW:
        raise no_room(style.size, "its words")
    return row


def _draw(
    canvas: Canvas,
    text: Aligned,
    scale: Scale,
    columns: _Columns,
    down: tuple[float, float],
    measurer: TextMeasurer,
) -> None:
    """Draw one pair of sentences from an ordinate down, in rows of a height."""
    top, row = down
    points = max(SMALLEST, min(POINTS, row * 72 * 0.7))
    for link in sorted(text.links, key=lambda link: link.weight):  # strong ones lie on top
        share = float(scale.share(np.asarray(link.weight, np.float32)))
        colour = tuple((scale.colours(np.asarray([link.weight], np.float32))[0] / 255).tolist())
        begin, end = ((place + 0.5) * row + top for place in (link.key, link.query))
        width = THIN + (THICK - THIN) * share
        canvas.curve((columns.left, begin), (columns.right, end), width, colour)
    linked = {link.key for link in text.links}
    for place, word in enumerate(text.source):
        label = measurer.elide(token_label(word, LONGEST), points, columns.rooms[0])
        color = INK if place in linked else MUTED
        y = top + (place + 0.5) * row
        canvas.write(columns.left - BESIDE, y, label, points, color=color, align="right")
    weights = {link.query: f"{link.weight:.2f}" for link in text.links}
    for place, word in enumerate(text.target):
        label = measurer.elide(token_label(word, LONGEST), points, columns.rooms[1])
        x, y = columns.right + BESIDE, top + (place + 0.5) * row
        canvas.write(x, y, label, points)
        x += measurer.size(label, points)[0] + BESIDE
        canvas.write(x, y, weights.get(place, ""), points * SMALLER, color=GREY)
