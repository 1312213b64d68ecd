"""What the words of a text have to do with a decision: attention and contribution, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.segment import Segments

from attnviz.render.colour import scale_of
from attnviz.render.numbers import change
from attnviz.render.safe import visible
from attnviz.render.terminal.answer import bar
from attnviz.render.terminal.colours import accent, plain
from attnviz.render.terminal.lines import (
    Cell,
    Line,
    Piece,
    names,
    paragraph,
    picture,
    row,
    sentence,
)
from attnviz.render.terminal.measure import fit
from attnviz.render.terminal.screen import Screen
from attnviz.result import FloatArray, Token

MOST_WORDS = 24
LONGEST_WORD, NUMBER, WIDEST_BAR = 24, 6, 24


def word_weights(
    words: Sequence[Token],
    attention: FloatArray,
    margins: FloatArray | None,
    label: str,
    decision: str,
    screen: Screen,
) -> Segments:
    """A line for each word, or for those that weigh most: its attention and what it adds.

    ``margins`` are None where only attention is asked for; ``decision`` says what they sum to.
    Bars of attention go from 0 to 1, or as far as the screen's scale goes; those of margins, which
    have no end, to the largest.
    """
    ranking = np.abs(attention if margins is None else margins)
    shown = sorted(np.argsort(-ranking, kind="stable")[:MOST_WORDS].tolist())
    texts = names(words, screen)
    left = min(max(len(texts[i]) for i in shown), LONGEST_WORD)
    columns = 1 if margins is None else 2
    room = (screen.width - left - columns * (NUMBER + 2)) // columns
    width = max(min(room, WIDEST_BAR), 1)
    heads = ["attention"] + ([] if margins is None else [f"adds to {visible(label)}"])
    bold = plain(screen, bold=True)
    head = [Cell("", left + 1), Cell(heads[0], NUMBER + width + 2, bold)]
    lines: list[Line] = [
        row([*head, *(Cell(h, screen.width // 2, bold) for h in heads[1:])], screen)
    ]
    end = scale_of(screen.colouring, [attention]).high
    largest = 1.0 if margins is None else float(np.abs(margins).max()) or 1.0
    for i in shown:
        cells = [Cell(fit(texts[i], left), left), Cell("", 1)]
        cells += _column(float(attention[i]) / end, f"{attention[i]:.2f}", width, screen)
        if margins is not None:
            cells += _column(float(margins[i]) / largest, change(margins[i]), width, screen)
        lines.append(row(cells, screen))
    if margins is not None:
        lines += sentence(_sum(len(words) - len(shown), shown, margins, decision), screen)
    return picture(lines)


def _column(share: float, text: str, width: int, screen: Screen) -> list[Cell]:
    long = bar(min(abs(share), 1.0), width, screen)
    return [
        Cell(screen.signs(text), NUMBER - 1, plain(screen, bold=True), "right"),
        Cell("", 1),
        Cell(
            long,
            width,
            accent(screen) if share >= 0 else plain(screen, dim=True),
        ),
        Cell("", 2),
    ]


def _sum(rest: int, shown: Sequence[int], margins: FloatArray, decision: str) -> str:
    total = float(margins.sum())
    others = f"{rest} other words {change(total - float(margins[list(shown)].sum()))}; "
    return f"{others if rest else ''}together {change(total)}, {decision}"


def headline(decision: str, share: str, screen: Screen) -> Segments:
    """``positive 0.93``."""
    bold, vivid = plain(screen, bold=True), accent(screen, bold=True)
    words = [Piece(screen.writable(visible(word)), vivid) for word in decision.split()]
    return picture(paragraph([*words, Piece(share, bold)], screen))
