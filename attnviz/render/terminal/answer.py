"""Where one word looks: the sentence shaded, a bar for each word, and the heads that say most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
from rich.segment import Segments

from attnviz.analysis.answers import WordAttention
from attnviz.render.safe import label
from attnviz.render.sentences import answer_notes, mean_of
from attnviz.render.terminal.bars import Bar, bars
from attnviz.render.terminal.lines import (
    Cell,
    Line,
    Piece,
    footnotes,
    names,
    paragraph,
    picture,
    row,
)
from attnviz.render.terminal.palette import Scale, accent, plain
from attnviz.render.terminal.screen import Colour, Screen
from attnviz.render.terminal.shaded import shaded

MOST_BARS = 16  # words in their own order; of more, only the strongest
SHADED_HEADS = 4
TWO_COLUMNS, WIDEST_COLUMN, BETWEEN = 64, 46, 3


def answer(answer: WordAttention, screen: Screen) -> Segments:
    """The word's answer in one line, then what it rests on."""
    keys = names(answer.keys, screen)
    lines = [*_headline(answer, keys, screen), []]
    if screen.colour is not Colour.NONE:
        lines += [*_sentence(answer, screen), []]
    lines += _charts(answer, keys, screen)
    return picture([*lines, *footnotes(answer_notes(answer), screen)])


def _headline(answer: WordAttention, keys: Sequence[str], screen: Screen) -> list[Line]:
    """``it → hat 0.75 in head 3.1``: the strongest head's answer, or else the mean's."""
    bold, vivid = plain(screen.colour, bold=True), accent(screen.colour, bold=True)
    if answer.heads:
        top, weights = answer.tops[0], answer.rows[0]
        where = [Piece("in"), Piece("head", vivid), Piece(str(answer.heads[0]), vivid)]
    else:
        top, weights = int(np.argmax(answer.mean)), answer.mean
        where = [Piece("over"), *map(Piece, mean_of(answer).split())]
    word = screen.writable(label(answer.word.text))
    said = [
        Piece(word, bold),
        Piece("→"),
        Piece(keys[top], bold),
        Piece(f"{weights[top]:.2f}", bold),
    ]
    return paragraph([*said, *where], screen)


def _sentence(answer: WordAttention, screen: Screen) -> list[Line]:
    rows = list(zip(map(str, answer.heads[:SHADED_HEADS]), answer.rows, strict=False))
    if answer.alone is None:
        rows.append(("mean", answer.mean))
    scale = Scale.over(np.concatenate([weights for _, weights in rows]), screen.colour)
    within = answer.kind != "cross" and answer.position < len(answer.keys)
    asked = within and answer.keys[answer.position] == answer.word
    return shaded(answer.keys, answer.position if asked else None, rows, scale, screen)


def _charts(answer: WordAttention, keys: Sequence[str], screen: Screen) -> list[Line]:
    """The mean over several heads and the single heads, side by side where there is room."""
    several = bool(answer.heads) and answer.alone is None
    beside = several and screen.width >= TWO_COLUMNS
    width = (screen.width - BETWEEN) // 2 if beside else screen.width
    width = min(width, WIDEST_COLUMN)
    mean = bars(mean_of(answer), _mean_bars(answer, keys), width, screen)
    heads = bars("heads that say most", _head_bars(answer, keys), width, screen)
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
    mean = answer.mean.tolist()
    if len(keys) <= MOST_BARS:
        top = max(mean, default=0.0)
        return [Bar(key, share, bold=share == top) for key, share in zip(keys, mean, strict=True)]
    order = np.argsort(-answer.mean, kind="stable").tolist()
    first, others = order[: MOST_BARS - 1], order[MOST_BARS - 1 :]
    rest = Bar(f"{len(others)} others", sum(mean[n] for n in others), faint=True)
    return [*(Bar(keys[n], mean[n], bold=n == order[0]) for n in first), rest]


def _head_bars(answer: WordAttention, keys: Sequence[str]) -> list[Bar]:
    heads = zip(answer.heads, answer.tops, answer.rows, strict=True)
    return [
        Bar(f"{head} → {keys[top]}", float(weights[top]), bold=head == answer.heads[0])
        for head, top, weights in heads
    ]
