"""The figure of attention on small matrices: all numbers of each step, as far as there is room."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.explain.toy import Drawing, Toy, attend_toy, draw_toy
from attnviz.errors import InputError
from attnviz.render.figure import Style
from attnviz.render.figure.toy import toy_figure
from tests.render.drawn import cut, notes, overlapping, texts

BOOK = ("This", "is", "book")


def printed() -> Toy:
    return attend_toy(
        np.array([[0.1, 0.2, 0.3]]),
        np.array([[0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]),
        np.array([[1, 1.1], [1.2, 1.3]]),
        scale="none",
    )


def large() -> Toy:
    return draw_toy(("a", "b", "c"), Drawing(d_model=512, d_head=64, n_heads=8))


def test_it_writes_the_numbers_that_tutorials_print() -> None:
    shown = texts(toy_figure(printed()))
    assert {"0.3200", "0.5000", "0.4551", "0.5449", "1.1090", "1.2090"} <= set(shown)
    assert "Attention of 1 query over 2 keys, by hand" in shown
    assert "Scores" not in shown  # nothing is scaled, so it is no step


def test_every_step_stands_there_with_its_formula() -> None:
    shown = set(texts(toy_figure(draw_toy(BOOK, Drawing()))))
    assert {"Embeddings", "Weights", "Queries, keys, values", "Products", "Output"} <= shown
    assert {"Q Kᵀ", "Q Kᵀ / √3 = 1.7321", "softmax, row by row", "W_q (5×3)"} <= shown
    assert set(BOOK) <= shown


def test_of_large_matrices_a_corner_is_drawn_and_the_rest_is_counted() -> None:
    figure = toy_figure(large())
    shown = texts(figure)
    assert {"X (3×512)", "W_q (512×64)", "and 504 more rows", "…"} <= set(shown)
    assert "reshaping to (3, 8, 64)" in notes(figure)


def test_what_is_hidden_is_minus_infinity() -> None:
    shown = texts(toy_figure(draw_toy(BOOK, Drawing(), causal=True)))
    assert shown.count("−∞") == 3


@pytest.mark.parametrize("size", [None, (6.5, 9), (4, 9), (3.4, 8), (14, 8)])
def test_nothing_overlaps_or_is_cut(size: tuple[float, float] | None) -> None:
    for toy in (printed(), draw_toy(BOOK, Drawing()), large()):
        figure = toy_figure(toy, Style(size=size))
        assert not overlapping(figure) and not cut(figure)


def test_too_small_a_figure_is_refused() -> None:
    for size in ((1.2, 9), (6.5, 1)):
        with pytest.raises(InputError, match="no room for its matrices"):
            toy_figure(large(), Style(size=size))
