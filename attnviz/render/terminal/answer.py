"""Where a word looks, or who looks at it: the sentence shaded, bars, the heads that say most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from rich.segment import Segments
from rich.style import Style

from attnviz.analysis.answers import WordAttention
from attnviz.render.labels import heads_named, matrices, short_name
from attnviz.render.sentences import answer_notes, asked_word, mean_of
from attnviz.render.terminal.claims import claim_lines
from attnviz.render.terminal.colours import Shading, accent, plain
from attnviz.render.terminal.lines import (
    Cell,
    Line,
    Piece,
    footnotes,
    labels,
    names,
    paragraph,
    picture,
    row,
)
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.result import FloatArray, Token

MOST_BARS = 16  # words in their own order; of more, only the strongest
SHADED_HEADS = 4
NUMBER = len(" 0.75 ")
NAME = 6  # columns for the name of a row of weights
TWO_COLUMNS, WIDEST_COLUMN, BETWEEN = 64, 46, 3


def answer(answer: WordAttention, screen: Screen) -> Segments:
    """What lenses say of the word, the strongest head's answer, then what that rests on."""
    keys = names(answer.keys, screen)
    shading = Shading.over(np.vstack([*answer.rows, answer.mean]), screen)
    said = claim_lines(answer.claims, screen)
    lines = [*said, *([[]] if said else []), *_headline(answer, keys, screen), []]
    if screen.colour is not Colour.NONE:
        lines += [*_sentence(answer, shading, screen), []]
    lines += _charts(answer, keys, shading.scale.high, screen)
    return picture([*lines, *footnotes(answer_notes(answer), screen)])


def _headline(answer: WordAttention, keys: Sequence[str], screen: Screen) -> list[Line]:
    """``it → hat 0.75 in head 3.1``, or ``hat ← it``: of the strongest head, or else the mean."""
    bold, vivid = plain(screen, bold=True), accent(screen, bold=True)
    if answer.heads:
        top, weights = answer.tops[0], answer.rows[0]
        name = heads_named(answer.heads[:1], answer.weighting).split()
        where = [Piece("in"), *(Piece(word, vivid) for word in name)]
    else:
        top, weights = answer.top, answer.mean
        where = [Piece("over"), *map(Piece, mean_of(answer).split())]
    word = screen.writable(asked_word(answer))
    said = [
        Piece(word, bold),
        Piece("←" if answer.who else "→"),
        Piece(keys[top], bold),
        Piece(f"{weights[top]:.2f}", bold),
    ]
    return paragraph([*said, *where], screen)


def _sentence(answer: WordAttention, shading: Shading, screen: Screen) -> list[Line]:
    names = [
        str(head.layer if matrices(answer.weighting) == "layer" else head)
        for head in answer.heads[:SHADED_HEADS]
    ]
    rows = list(zip(names, answer.rows, strict=False))
    if answer.alone is None:
        rows.append(("mean", answer.mean))
    within = answer.kind != "cross" and answer.position < len(answer.keys)
    asked = within and answer.keys[answer.position] == answer.word
    return shaded(answer.keys, answer.position if asked else None, rows, shading, screen)


def _charts(answer: WordAttention, keys: Sequence[str], end: float, screen: Screen) -> list[Line]:
    """The mean over several heads and the single heads, side by side where there is room.

    All bars are on one scale, from 0 to ``end``.
    """
    several = bool(answer.heads) and answer.alone is None
    beside = several and screen.width >= TWO_COLUMNS
    width = (screen.width - BETWEEN) // 2 if beside else screen.width
    width = min(width, WIDEST_COLUMN)
    charts = {mean_of(answer): _mean_bars(answer, keys)}
    if several:
        charts[f"{matrices(answer.weighting)}s that say most"] = _head_bars(answer, keys)
    longest = max(width_of(bar.label) for chart in charts.values() for bar in chart)
    label = min(longest, max(width // 2, width - NUMBER - 24))
    drawn = [bars(title, chart, (label, width), end, screen) for title, chart in charts.items()]
    mean, heads = (*drawn, [])[:2]
    if not beside:
        below = [[], *(row(cells, screen) for cells in heads)] if several else []
        return [*(row(cells, screen) for cells in mean), *below]
    empty = [Cell("", width)]
    return [
        row([*left, Cell("", BETWEEN), *right], screen)
        for left, right in zip_longest(mean, heads, fillvalue=empty)
    ]


def _mean_bars(answer: WordAttention, keys: Sequence[str]) -> list[Bar]:
    """A bar for each word in its order, or for the strongest words and one for all others."""
    mean, top = answer.mean.tolist(), answer.top
    if len(keys) <= MOST_BARS:
        return [Bar(key, mean[n], bold=n == top) for n, key in enumerate(keys)]
    order = np.argsort(-answer.mean, kind="stable").tolist()
    first, others = order[: MOST_BARS - 1], order[MOST_BARS - 1 :]
    rest = Bar(f"{len(others)} others", sum(mean[n] for n in others), faint=True)
    return [*(Bar(keys[n], mean[n], bold=n == top) for n in first), rest]


def _head_bars(answer: WordAttention, keys: Sequence[str]) -> list[Bar]:
    heads = zip(answer.heads, answer.tops, answer.rows, strict=True)
    return [
        Bar(
            f"{short_name(head, answer.weighting)} {'←' if answer.who else '→'} {keys[top]}",
            float(weights[top]),
            bold=head == answer.heads[0],
        )
        for head, top, weights in heads
    ]


class Bar(NamedTuple):
    """One entry of a chart; a faint one stands for many and has no bar."""

    label: str
    weight: float
    bold: bool = False
    faint: bool = False


def bars(
    title: str, entries: Sequence[Bar], widths: tuple[int, int], end: float, screen: Screen
) -> list[list[Cell]]:
    """Lines of cells for the widths of a label and of a line; a bar of ``end`` fills the rest."""
    label, width = widths
    room = width - label - NUMBER
    lines = [[Cell(fit(title, width), width, plain(screen, bold=True))]]
    for entry in entries:
        emphasis = plain(screen, bold=entry.bold, dim=entry.faint)
        length = "" if entry.faint else bar(min(entry.weight / end, 1.0), room, screen)
        lines.append(
            [
                Cell(entry.label, label, emphasis),
                Cell(f" {entry.weight:.2f} ", NUMBER, emphasis),
                Cell(length, room, accent(screen)),
            ]
        )
    return lines


def bar(share: float, width: int, screen: Screen) -> str:
    """A bar that fills a share of the width, in halves of a cell where the screen has them."""
    if not screen.unicode:
        return "=" * round(share * width)
    whole, half = divmod(round(share * width * 2), 2)
    return "━" * whole + "╸" * half


def shaded(
    tokens: Sequence[Token],
    asked: int | None,
    rows: Sequence[tuple[str, FloatArray]],
    shading: Shading,
    screen: Screen,
) -> list[Line]:
    """The sentence once for each named row of weights, or for the first if it takes many lines."""
    texts = labels(tokens, screen)
    glued = [False, *map(_touch, tokens[:-1], tokens[1:])]
    said = []
    for name, weights in rows:
        styles = [shading.cell(level) for level in shading.levels(weights).tolist()]
        if asked is not None:
            styles[asked] = (styles[asked] or Style()) + Style(underline=True)
        pieces = map(Piece, texts, styles, glued)
        said.append(paragraph(pieces, screen, indent=NAME, name=name, ground=shading.cell(0)))
    several_fit = bool(said) and len(said[0]) == 1
    return [line for lines in (said if several_fit else said[:1]) for line in lines]


def _touch(token: Token, following: Token) -> bool:
    """Whether two tokens stand in the text with nothing between them."""
    same_text = token.segment == following.segment
    return same_text and token.end is not None and token.end == following.start
