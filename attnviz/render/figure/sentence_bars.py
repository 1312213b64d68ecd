"""The sentences of a document as bars: how much weight each of them has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from attnviz.errors import InputError
from attnviz.render.colour import scale_of, share_of_palette
from attnviz.render.figure.canvas import GREY, INK, PAD, RULE, Canvas
from attnviz.render.figure.frame import Frame
from attnviz.render.figure.layout import no_room
from attnviz.render.figure.measure import TextMeasurer
from attnviz.render.figure.save import plain_settings
from attnviz.render.numbers import decimals, short, written
from attnviz.render.safe import visible
from attnviz.render.style import Style
from attnviz.result import FloatArray, Token

DEFAULT = Style()
USUAL, ROW, LOWEST_ROW, HIGHEST_ROW = 6.5, 0.19, 0.1, 0.3  # inches
POINTS = (8.0, 7.0, 6.0, 5.0)
MOST = 40  # of more sentences, those with most weight
BAR = 0.24  # of the width, for the longest bar
GAP, HAIRLINE, FILLED = 0.06, 0.008, 0.62
CHOSEN, OTHERS = 0.75, 0.4  # places in the palette
LONGEST = 400  # characters of a sentence; no line has room for more


def sentence_bars(
    sentences: Sequence[Token],
    weights: FloatArray,
    chosen: Sequence[int],
    style: Style = DEFAULT,
    *,
    title: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw a bar and the beginning of each sentence in order, the chosen ones darker and bold.

    Bars go from 0 to 1, or as far as the style's scale goes.
    """
    if not sentences:
        raise InputError("there is no sentence to draw")
    width = style.size[0] if style.size else USUAL
    shown = sorted(np.argsort(-weights, kind="stable")[:MOST].tolist())
    heading = style.heading(title)
    top = scale_of(style.colouring, [weights]).high
    said = [*notes, f"bars go from 0 to {short(top)}"]
    if len(shown) < len(sentences):
        said.append(f"only the {len(shown)} of {len(sentences)} sentences with most weight")
    with plain_settings():
        texts = [visible(sentences[i].text[:LONGEST]) for i in shown]
        numbers = [str(i + 1) for i in shown]
        measurer = TextMeasurer([*texts, *numbers, *said, heading, "0.…"], style.dpi, style.font)
        frame = Frame.around(heading, said, width, measurer)
        row = _row(style, frame, len(shown))
        canvas = Canvas(width, frame.above + row * len(shown) + frame.below, style.dpi, measurer)
        frame.draw(canvas)
        points = next((p for p in POINTS if p / 72 <= row), POINTS[-1])
        left = PAD + measurer.width(numbers, points) + GAP
        largest = float(weights.max())
        value = measurer.size(written(largest, decimals(largest)), points, bold=True)[0] + GAP
        for place, i in enumerate(shown):
            middle = frame.above + (place + 0.5) * row
            bold = i in chosen
            ink = INK if bold else GREY
            canvas.write(left - GAP, middle, numbers[place], points, color=GREY, align="right")
            length = BAR * width * min(float(weights[i]) / top, 1.0)
            colour = share_of_palette(style.palette, CHOSEN if bold else OTHERS)
            canvas.box(left, middle - FILLED * row / 2, length, FILLED * row, colour)
            weight = f"{weights[i]:.2f}"
            canvas.write(left + length + GAP / 2, middle, weight, points, color=ink, bold=bold)
            x = left + BAR * width + value + GAP
            text = _cut(texts[place], points, width - PAD - x, bold, measurer)
            canvas.write(x, middle, text, points, color=ink, bold=bold)
        canvas.box(left, frame.above, HAIRLINE, row * len(shown), RULE)
        return canvas.figure


def _cut(text: str, points: float, room: float, bold: bool, measurer: TextMeasurer) -> str:
    """As much of a sentence as fits; bold letters are wider than those that are measured."""
    broader = measurer.size(text, points, bold=bold)[0] / (measurer.size(text, points)[0] or 1)
    return measurer.elide(text, points, room / broader)


def _row(style: Style, frame: Frame, n: int) -> float:
    """The inches of a row."""
    if style.size is None:
        return ROW
    row = min((style.size[1] - frame.above - frame.below) / n, HIGHEST_ROW)
    if row < LOWEST_ROW:
        raise no_room(style.size, "its sentences")
    return row
