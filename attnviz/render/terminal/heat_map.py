"""One matrix as a heat map in the most detailed form that fits; first a table of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rich.segment import Segments

from attnviz.analysis.answers import MatrixView
from attnviz.render.cells import masked
from attnviz.render.labels import heads_named, name_of
from attnviz.render.sentences import matrix_notes
from attnviz.render.terminal.axes import (
    Matrix,
    caption,
    level_heads,
    narrow_heads,
    side,
    side_label,
)
from attnviz.render.terminal.colours import NOTHING, Shading, accent, plain
from attnviz.render.terminal.lines import (
    Cell,
    Line,
    Row,
    beside,
    footnotes,
    labels,
    picture,
    row,
    text_cell,
)
from attnviz.render.terminal.measure import width_of
from attnviz.render.terminal.pixels import dense, explained, squares
from attnviz.render.terminal.screen import Screen

READABLE = 12  # cells of a word that must be seen for words to share one line
ZERO = "·"
STRONGEST = 8  # weights named under a dense picture
LEAST = 0.005  # or their numbers would be 0.00
GAP = Cell("", 3)
APART = 3  # columns between matrices


def heat_map(view: MatrixView, screen: Screen) -> Segments:
    """Queries down, keys across: numbers where they fit, else squares, else half blocks."""
    return heat_maps([view], screen)


def heat_maps(views: Sequence[MatrixView], screen: Screen) -> Segments:
    """Matrices on one scale: beside each other as far as that costs no detail, else beneath."""
    shading = Shading.over(np.stack([view.weights for view in views]), screen, views[0].signed)
    matrices = [_matrix(view, shading, screen) for view in views]
    several = len(views) > 1
    title = (
        heads_named([view.heads[0] for view in views], views[0].weighting)
        if several
        else name_of(views[0])
    )
    across, drawn = _arranged(matrices, screen)
    lines = [caption(title, shading, screen, views[0].kind)]
    for first in range(0, len(views), across):
        last = first + across
        some = views[first:last] if several else []
        names = [name_of(view) for view in some]
        lines += [[]] * bool(first)
        lines += beside([body.rows for body in drawn[first:last]], names, screen)
    lines += explained(shading, drawn[0].step, screen) if drawn[0].step else []
    if drawn[0].dense:
        for view, matrix in zip(views, matrices, strict=True):
            lines += [row([text_cell(name_of(view), accent(screen))], screen)] if several else []
            lines += _strongest(view, matrix, screen)
    notes = dict.fromkeys(note for view in views for note in matrix_notes(view))
    return picture([*lines, *footnotes(list(notes), screen)])


def _matrix(view: MatrixView, shading: Shading, screen: Screen) -> Matrix:
    queries, keys = labels(view.queries, screen), labels(view.keys, screen)
    same = tuple(view.queries) == tuple(view.keys)
    blank = masked(view.weights, view.kind, same=same)
    return Matrix(view.weights, queries, keys, shading, blank)


class Body(NamedTuple):
    """A matrix as rows of cells; ``step`` × ``step`` weights share a pixel, 0 for numbers."""

    rows: list[Row]
    step: int = 0
    dense: bool = False


def _body(matrix: Matrix, screen: Screen) -> Body:
    if rows := numbers(matrix, screen):
        return Body(rows)
    if rows := squares(matrix, screen):
        return Body(rows, step=1)
    rows, step = dense(matrix, screen)
    return Body(rows, step, dense=True)


def _arranged(matrices: Sequence[Matrix], screen: Screen) -> tuple[int, list[Body]]:
    """How many matrices stand beside each other, and each as it is drawn in the room it has."""
    alone = _body(matrices[0], screen)
    for across in range(len(matrices), 1, -1):
        narrow = replace(screen, width=(screen.width + APART) // across - APART)
        body = _body(matrices[0], narrow)
        if (body.step, body.dense) == (alone.step, alone.dense):
            return across, [_body(matrix, narrow) for matrix in matrices]
    return 1, [_body(matrix, screen) for matrix in matrices]


def _strongest(view: MatrixView, matrix: Matrix, screen: Screen) -> list[Line]:
    """The strongest weights with positions and words, in as many columns as fit."""
    places = _strongest_places(view)
    texts = [f"{q} {matrix.queries[q]} → {k} {matrix.keys[k]}" for q, k in places]
    sign = "+" if view.signed else ""
    weights = [f"{view.weights[place]:{sign}.2f}" for place in places]
    width = min(max(map(width_of, texts), default=0), screen.width - 6)
    entries = [
        (Cell(text, width + 1), Cell(weight, 5, plain(screen, bold=True)))
        for text, weight in zip(texts, weights, strict=True)
    ]
    across = max(1, (screen.width + 3) // (width + 9))
    return [
        row((cell for entry in entries[n : n + across] for cell in (*entry, GAP)), screen)
        for n in range(0, len(entries), across)
    ]


def _strongest_places(view: MatrixView) -> list[tuple[int, int]]:
    """Where the weights furthest from zero are, between words if there are any."""
    plain_queries, plain_keys = (
        np.array([not token.special for token in axis], dtype=bool)
        for axis in (view.queries, view.keys)
    )
    words = np.outer(plain_queries, plain_keys)
    size = np.where(words, np.abs(view.weights), -1.0) if words.any() else np.abs(view.weights)
    order = np.argsort(-size, axis=None, kind="stable")[:STRONGEST]
    places = [divmod(int(place), size.shape[1]) for place in order]
    return [place for place in places if size[place] >= LEAST]


class Layout(NamedTuple):
    """How wide each key's column is, how long its number, and whether words stand on one line."""

    widths: tuple[int, ...]
    digits: int
    level: bool


def numbers(matrix: Matrix, screen: Screen) -> list[Row] | None:
    """A line for each query and a number for each key, or None where that does not fit."""
    label = side(matrix.queries, screen)
    layout = lay_out([width_of(key) for key in matrix.keys], screen.width - label, matrix)
    if layout is None:
        return None
    if layout.level:
        heads = [level_heads(matrix.keys, layout.widths, label)]
    else:
        heads = narrow_heads(matrix.keys, layout.widths[0], label, screen)
    return heads + [
        [side_label(word, label), *_cells(matrix, query, layout)]
        for query, word in enumerate(matrix.queries)
    ]


def lay_out(lengths: list[int], room: int, matrix: Matrix) -> Layout | None:
    """The most readable columns that fit: whole words, then long ones cut, then narrow columns."""
    sign = int(matrix.shading.scale.signed)
    for digits in (4 + sign, 3 + sign):
        if (widths := _level_widths(lengths, digits + 1, room)) is not None:
            return Layout(widths, digits, level=True)
    for digits in (4 + sign, 3 + sign):
        if len(lengths) * (digits + 1) <= room:
            return Layout((digits + 1,) * len(lengths), digits, level=False)
    return None


def _level_widths(lengths: list[int], least: int, room: int) -> tuple[int, ...] | None:
    """Columns for words of these lengths, cut where they must be but not below READABLE."""
    longest = max(lengths, default=0)
    for cut in range(longest, min(longest, READABLE) - 1, -1):
        widths = tuple(max(min(length, cut) + 1, least) for length in lengths)
        if sum(widths) <= room:
            return widths
    return None


def _cells(matrix: Matrix, query: int, layout: Layout) -> list[Cell]:
    weights = matrix.weights[query]
    strongest = int(abs(weights).argmax()) if len(weights) else -1
    levels = matrix.levels[query].tolist()
    cells = []
    for key, (weight, width) in enumerate(zip(weights.tolist(), layout.widths, strict=True)):
        text = number(weight, layout.digits, matrix.shading.scale.signed)
        if levels[key] == NOTHING:
            text = ""
        zero = text == ZERO
        style = matrix.shading.cell(levels[key], bold=key == strongest, faint=zero)
        cells.append(Cell(text, width, style, "center" if layout.level else "right"))
    return cells


def number(weight: float, digits: int, signed: bool = False) -> str:
    """A weight in so many characters: ``0.75`` in four, ``.75`` in three, and ``·`` for none."""
    text = f"{weight:{'+' if signed else ''}.2f}"
    if not text.strip("+-0."):
        return ZERO
    return text if len(text) <= digits else text.replace("0.", ".", 1)[:digits]
