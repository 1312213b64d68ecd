"""One matrix as a heat map in the most detailed form that fits."""

from __future__ import annotations

import numpy as np
from rich.segment import Segments

from attnviz.analysis.answers import MatrixView
from attnviz.render.sentences import matrix_notes, name_of
from attnviz.render.terminal.axes import Matrix, caption
from attnviz.render.terminal.lines import Cell, Line, footnotes, labels, picture, row
from attnviz.render.terminal.measure import width_of
from attnviz.render.terminal.palette import Scale, plain
from attnviz.render.terminal.pixels import dense, explained, squares
from attnviz.render.terminal.screen import Screen
from attnviz.render.terminal.table import numbers

STRONGEST = 8  # weights named under a dense picture
LEAST = 0.005  # or their numbers would be 0.00
GAP = Cell("", 3)


def heat_map(view: MatrixView, screen: Screen) -> Segments:
    """Queries down, keys across: numbers where they fit, else squares, else half blocks."""
    queries, keys = labels(view.queries, screen), labels(view.keys, screen)
    scale = Scale.over(view.weights, screen.colour, view.signed)
    matrix = Matrix(view.weights, queries, keys, scale)
    top = caption(name_of(view), scale, screen, view.kind)
    return picture([top, *_body(view, matrix, screen), *footnotes(matrix_notes(view), screen)])


def _body(view: MatrixView, matrix: Matrix, screen: Screen) -> list[Line]:
    if lines := numbers(matrix, screen):
        return lines
    if lines := squares(matrix, screen):
        return lines + explained(matrix.scale, 1, screen)
    lines, step = dense(matrix, screen)
    return lines + explained(matrix.scale, step, screen) + _strongest(view, matrix, screen)


def _strongest(view: MatrixView, matrix: Matrix, screen: Screen) -> list[Line]:
    """The strongest weights with positions and words, in as many columns as fit."""
    places = _strongest_places(view)
    texts = [f"{q} {matrix.queries[q]} → {k} {matrix.keys[k]}" for q, k in places]
    sign = "+" if view.signed else ""
    weights = [f"{view.weights[place]:{sign}.2f}" for place in places]
    width = min(max(map(width_of, texts), default=0), screen.width - 6)
    entries = [
        (Cell(text, width + 1), Cell(weight, 5, plain(screen.colour, bold=True)))
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
