"""The grid of heads: every head a thumbnail, one image, one scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.analysis.labels import Label
from attnviz.render.colour import scale_of
from attnviz.render.figure import Style, head_grid
from attnviz.render.figure.tiles import Exact, Mosaic, paint
from attnviz.render.sentences import MERGED, hidden_note
from attnviz.result import AttentionMap, Head
from tests.render.drawn import cut, labels, many, notes, overlapping, pixels, texts, tokens
from tests.support.results import attention

GOLDEN = Path(__file__).parents[1] / "fixtures" / "figures" / "head_grid.png"


def drawn(n_layers, n_heads, n, style=None, **axes):
    map = AttentionMap(attention((n_layers, n_heads, n, n)), **axes)
    shown = tokens() if n == 10 else many(n)
    return map, head_grid(map, shown, shown, style or Style(), title="all heads")


def test_all_heads_are_one_image_not_one_axes_each():
    _, figure = drawn(6, 12, 10)
    assert len(figure.axes) == 2  # the heads and their scale
    assert len(figure.findobj(Exact)) == 1


def test_every_head_is_named_by_its_true_layer_and_head():
    _, figure = drawn(2, 3, 5, layers=(7, 9), heads=(1, 4, 11))
    assert {"7.1", "7.4", "7.11", "9.1", "9.4", "9.11"} <= set(texts(figure))


def test_names_stand_over_their_thumbnails_layers_down_and_heads_across():
    _, figure = drawn(3, 4, 6)
    at = {text.get_text(): text.get_window_extent() for text in labels(figure)}
    assert at["0.0"].y0 > at["1.0"].y0 > at["2.0"].y0
    assert at["0.0"].x0 < at["0.1"].x0 < at["0.3"].x0
    assert at["2.3"].x0 == at["0.3"].x0 and at["2.3"].y0 == at["2.0"].y0


@pytest.mark.parametrize("n", [5, 10, 128])
def test_every_thumbnail_shows_its_own_weights_in_the_png(n):
    map, figure = drawn(2, 3, n)
    image = pixels(figure)
    box = figure.axes[0].get_window_extent()
    wide, high = round(box.width), round(box.height)
    left, top = round(box.x0), len(image) - round(box.y1)
    shown = image[top : top + high, left : left + wide]
    scale = scale_of(Style().colouring, [map.weights])
    side = round((wide - 2 * 0.06 * 200) / 3)
    for layer in range(2):
        for head in range(3):
            y, x = layer * (high - side), round(head * (wide - side) / 2)
            cells = np.floor(1 + (np.arange(n) + 0.5) * (side - 2) / n).astype(int)
            found = shown[y + cells][:, x + cells]
            expected = scale.colours(map.weights[layer, head])
            assert np.abs(found - expected).max() <= 3


def test_a_strong_weight_survives_where_weights_share_pixels():
    weights = np.zeros((1, 2, 300, 300), np.float32)
    weights[0, 1, 111, 222] = 1
    figure = head_grid(AttentionMap(weights), many(300), many(300), Style(size=(3, 2), dpi=100))
    assert "each pixel shows the largest of up to" in notes(figure)
    assert (pixels(figure).sum(axis=-1) < 150).any()


def test_a_single_layer_stands_in_rows_with_its_tokens_beside_it():
    _, figure = drawn(1, 12, 10, layers=(3,))
    shown = texts(figure)
    assert shown.count("hat") == 4 + 3  # over four columns, left of three rows
    assert {f"3.{head}" for head in range(12)} <= set(shown)


def test_tokens_that_would_not_fit_are_left_off():
    _, figure = drawn(1, 4, 100)
    assert "transformer" not in texts(figure)


def test_a_thousand_heads_are_named_without_overlapping():
    _, figure = drawn(32, 32, 3, Style(size=(6, 12)))
    assert overlapping(figure) == [] and cut(figure) == []
    assert "head is labelled" in notes(figure)
    assert {"0.0", "31.0"} <= set(texts(figure))


def test_notes_and_title_are_shown():
    map = AttentionMap(attention((1, 2, 4, 4)))
    figure = head_grid(
        map, many(4), many(4), title="every head", hidden=0.09, merged=True, kind="cross"
    )
    assert "every head" in texts(figure)
    for said in ("target down, source across", MERGED, hidden_note(0.09)):
        assert said in notes(figure)


def test_a_grid_of_differences_is_drawn_around_zero():
    change = attention((1, 2, 4, 4)) - attention((1, 2, 4, 4), seed=1)
    shown = texts(head_grid(AttentionMap(change), many(4), many(4)))
    assert any(text.startswith("+") for text in shown) and any("−" in text for text in shown)


def test_the_image_is_the_one_that_was_looked_at():
    weights = attention((2, 3, 6, 6)).reshape(6, 6, 6)
    mosaic = Mosaic(rows=2, columns=3, width=26, height=26, across=4, between=8)
    found = paint(weights, scale_of(Style().colouring, [weights]), mosaic)
    with Image.open(GOLDEN) as golden:
        assert np.abs(found.astype(int) - np.asarray(golden.convert("RGBA"))).max() <= 2


def test_what_a_head_was_found_to_do_stands_behind_its_name():
    map, shown = AttentionMap(attention((2, 3, 10, 10))), tokens()
    found = {Head(0, 1): (Label("next word", 0.9), Label("itself", 0.5)), Head(1, 0): ()}
    said = texts(head_grid(map, shown, shown, labels=found))
    assert {"0.0", "0.1 next word", "1.0"} <= set(said)


def test_a_label_without_room_is_left_out():
    map, shown = AttentionMap(attention((4, 12, 10, 10))), tokens()
    found = {head: (Label("pronoun antecedent", 0.9),) for head in map.all_heads()}
    figure = head_grid(map, shown, shown, Style(size=(3.0, 2.0)), labels=found)
    assert {str(head) for head in map.all_heads()} <= set(texts(figure))
    assert not overlapping(figure)
