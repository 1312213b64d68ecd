"""Heat maps: every cell has the colour of its weight, and the picture says what it shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from attnviz.analysis.answers import MatrixView
from attnviz.errors import InputError
from attnviz.render.cells import resample
from attnviz.render.colour import scale_of
from attnviz.render.figure import Style, heat_map, side_by_side
from attnviz.render.sentences import MERGED, hidden_note
from attnviz.result import Token
from tests.render.drawn import labels, many, notes, pixels, softmax, texts, tokens, view


def cell_colours(figure, shape, axes=0):
    """The pixel in the middle of each cell: (query, key, rgb)."""
    drawn = pixels(figure)
    queries, keys = shape
    middles = [(key, query) for query in range(queries) for key in range(keys)]
    places = figure.axes[axes].transData.transform(middles)
    rows = len(drawn) - 1 - np.floor(places[:, 1]).astype(int)
    return drawn[rows, np.floor(places[:, 0]).astype(int)].reshape(queries, keys, 3)


def expected(weights, *, signed=False, **style):
    return scale_of(Style(**style).colouring, [weights], signed=signed).colours(weights)


@pytest.mark.parametrize("name", ["ink", "grey", "viridis"])
@pytest.mark.parametrize("n", [3, 10, 60])
def test_every_cell_has_the_colour_of_its_weight(n, name):
    shown = view(n)
    figure = heat_map(shown, Style(palette=name, numbers=False, dpi=100))
    found = cell_colours(figure, (n, n))
    assert np.abs(found - expected(shown.weights, palette=name)).max() <= 2


def test_queries_run_down_and_keys_across():
    weights = np.zeros((2, 3), np.float32)
    weights[1, 2] = 1
    figure = heat_map(MatrixView(weights, many(2), many(3), "corner"), Style(numbers=False))
    dark = cell_colours(figure, (2, 3)).sum(axis=-1) < 300
    assert dark.tolist() == [[False, False, False], [False, False, True]]


def test_the_scale_runs_from_0_to_1_and_says_how():
    figure = heat_map(view(10))
    assert {"0", "0.05", "0.25", "0.5", "1"} <= set(texts(figure))
    assert "square root scale" in notes(figure)
    assert "linear scale" in notes(heat_map(view(10), Style(scale="linear")))


def test_a_scale_that_fits_ends_at_the_largest_weight():
    weights = np.full((2, 2), 0.0042, np.float32)
    shown = MatrixView(weights, many(2), many(2), "faint")
    assert "0.0042" in texts(heat_map(shown, Style(scale="fit", numbers=False)))


def test_given_ends_of_the_scale_are_kept_and_what_is_beyond_is_told():
    weights = np.array([[0.2, 0.8]], np.float32)
    shown = MatrixView(weights, many(1), many(2), "clipped")
    figure = heat_map(shown, Style(vmax=0.4, numbers=False))
    assert "0.4" in texts(figure) and "weights above 0.4 have the last colour" in notes(figure)
    assert np.abs(cell_colours(figure, (1, 2)) - expected(weights, vmax=0.4)).max() <= 2
    assert "last colour" not in notes(heat_map(shown, Style(vmax=1.0)))
    both = notes(heat_map(shown, Style(vmin=0.3, vmax=0.4, size=(9, 3))))
    assert "weights above 0.4 have the last colour, those below 0.3 the first" in both


def test_a_difference_is_drawn_around_zero():
    weights = np.array([[-0.5, 0.0], [0.25, 0.5]], np.float32)
    figure = heat_map(
        MatrixView(weights, many(2), many(2), "a − b", signed=True), Style(numbers=False)
    )
    found = cell_colours(figure, (2, 2))
    assert np.abs(found - expected(weights, signed=True)).max() <= 2
    assert {"+1", "0", "−1"} <= set(texts(figure))
    less, none, more = found[0, 0], found[0, 1], found[1, 1]
    assert less[2] > less[0] and more[0] > more[2] and none.min() > 240


def test_numbers_stand_in_the_cells_of_a_short_sentence_alone():
    assert f"{softmax(10).max():.2f}" in texts(heat_map(view(10)))
    assert len(texts(heat_map(view(40)))) < 100


def test_numbers_can_be_left_out_or_asked_for():
    without = len(texts(heat_map(view(10), Style(numbers=False))))
    assert without == 10 + 10 + len(["title", "note", *"01234"])
    asked = heat_map(view(30), Style(numbers=True))
    assert len(texts(asked)) > 300


def test_numbers_that_could_not_be_read_are_refused_with_what_to_do():
    with pytest.raises(InputError, match=r"numbers do not fit .* larger --size or leave --numbers"):
        heat_map(view(40), Style(size=(3.3, 3.0), numbers=True))
    with pytest.raises(InputError, match="512 × 512 numbers cannot be read"):
        heat_map(view(512), Style(numbers=True))


def test_numbers_are_light_on_dark_cells_and_dark_on_light_ones():
    weights = np.array([[0.02, 0.98]], np.float32)
    figure = heat_map(MatrixView(weights, many(1), many(2), "two"))
    digits = [text for text in labels(figure) if text.get_fontsize() == 7.5]
    colour = {text.get_text(): text.get_color() for text in digits}
    assert colour["0.98"] == "white" and colour["0.02"] != "white"


def test_no_weight_is_blank_and_a_little_is_not_rounded_up():
    weights = np.array([[0.0, 0.004, 0.996]], np.float32)
    shown = texts(heat_map(MatrixView(weights, many(1), many(3), "three"), Style(numbers=True)))
    assert "0.00" not in shown and "0.01" not in shown and shown.count("0") == 1  # of the scale


def test_what_is_hidden_and_what_must_be_said_stand_under_the_picture():
    shown = replace(view(10), hidden=0.823, merged=True)
    said = notes(heat_map(shown, Style(title=False)))
    assert hidden_note(0.823) in said and MERGED in said


def test_numbers_of_faint_weights_have_more_decimals():
    weights = np.array([[0.0041, 0.0004, 0.00001]], np.float32)
    shown = texts(heat_map(MatrixView(weights, many(1), many(3), "faint")))
    assert {"0.0041", "0.0004"} <= set(shown) and "0.00" not in shown


def test_cross_attention_has_its_target_down_and_its_source_across():
    target, source = tokens("a b"), tokens("c d e")
    shown = MatrixView(softmax(2, 3), target, source, "cross", kind="cross")
    figure = heat_map(shown)
    assert "target down, source across" in notes(figure)
    at = {text.get_text(): text.get_window_extent() for text in labels(figure)}
    matrix = figure.axes[0].get_window_extent()
    assert at["a"].x1 < matrix.x0 and at["c"].y0 > matrix.y1
    assert at["a"].y0 > at["b"].y0 and at["c"].x0 < at["d"].x0 < at["e"].x0


@pytest.mark.parametrize(
    ("title", "shown"), [(True, "head 3.1"), ("Figure 1", "Figure 1"), (False, None)]
)
def test_the_title_is_the_pictures_own_another_or_none(title, shown):
    found = texts(heat_map(view(10), Style(title=title)))
    assert ("head 3.1" in found) == (shown == "head 3.1")
    assert shown is None or shown in found


def test_where_weights_share_a_pixel_the_strongest_is_seen_and_the_picture_says_so():
    n = 500
    weights = np.full((n, n), 1e-4, np.float32)
    weights[123, 321] = 1
    figure = heat_map(MatrixView(weights, many(n), many(n), "one"), Style(size=(2, 2), dpi=72))
    assert "each pixel shows the largest of up to" in notes(figure)
    assert (pixels(figure).sum(axis=-1) < 150).any()


def test_resampling_keeps_every_weight_or_the_one_furthest_from_zero():
    weights = np.array([[0.1, 0.9, 0.2, -0.95, 0.3]], np.float32)
    assert resample(weights, 1, 2).tolist() == [[np.float32(0.9), np.float32(-0.95)]]
    larger = resample(weights, 3, 13)
    assert larger.shape == (3, 13) and set(np.unique(larger)) == set(np.unique(weights))


def test_matrices_side_by_side_share_one_scale_and_a_difference_has_its_own():
    strong, weak = view(4), replace(view(4, "weak"), weights=softmax(4) / 2)
    change = replace(weak, weights=weak.weights - strong.weights, title="change", signed=True)
    figure = side_by_side([strong, weak, change], Style(numbers=False), title="Two and a change")
    shown = texts(figure)
    assert {"Two and a change", "head 3.1", "weak", "change"} <= set(shown)
    assert shown.count("0.05") == 1 and {"+1", "−1"} <= set(shown)
    matrices = [i for i, axes in enumerate(figure.axes) if axes.get_xlim() == (-0.5, 3.5)]
    for i, one in zip(matrices[:2], (strong, weak), strict=True):
        found = cell_colours(figure, (4, 4), i)
        assert np.abs(found - expected(one.weights)).max() <= 2


def test_a_neighbour_with_the_same_rows_is_not_labelled_twice():
    figure = side_by_side([view(10), view(10, "again")], Style(numbers=False))
    assert texts(figure).count("hat") == 3


def test_matrices_stand_in_rows_that_suit_the_size():
    def rows(size):
        figure = side_by_side([view(5)] * 4, Style(size=size))
        return len({round(axes.get_position().y0, 3) for axes in figure.axes if axes.collections})

    assert (rows((12, 3)), rows((6, 6)), rows((3, 12))) == (1, 2, 4)


def test_nothing_to_draw_is_refused():
    with pytest.raises(InputError, match="no matrix"):
        side_by_side([])


def test_one_token_is_a_picture_too():
    figure = heat_map(MatrixView(np.ones((1, 1), np.float32), (Token("a"),), (Token("a"),), "one"))
    assert "1.00" in texts(figure)


def test_the_sentences_under_a_picture_can_be_left_off():
    assert "square root scale" not in notes(heat_map(view(10), Style(notes=False)))


def test_a_picture_fills_the_axes_that_it_is_given():
    whole = Figure((8, 4), dpi=100)
    left, right = whole.subplots(1, 2)
    right.plot([0, 1])
    assert heat_map(view(10), Style(ax=left)) is whole
    frame = left.get_window_extent()
    for text in labels(whole):
        box = text.get_window_extent()
        assert frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1
        assert frame.y0 - 1 <= box.y0 and box.y1 <= frame.y1 + 1
    assert not left.axison and right.axison and len(right.lines) == 1


def test_two_texts_have_labels_of_one_style():
    long = MatrixView(softmax(3), *[tokens("a transformers b")] * 2, "long")
    short = MatrixView(softmax(3), *[tokens("a b c")] * 2, "short")
    figure = side_by_side([long, short], Style(numbers=False))
    over = [text for text in labels(figure) if text.get_text() in ("transformers", "c")]
    assert len({text.get_fontsize() for text in over}) == 1
    turned = [text for text in labels(figure) if text.get_rotation() == 90]
    assert len(turned) in (0, 6)


def test_small_pictures_have_small_titles_and_notes():
    def sizes(width):
        figure = heat_map(view(10), Style(size=(width, 3)))
        return {t.get_text(): t.get_fontsize() for t in labels(figure)}["head 3.1"]

    assert sizes(3.3) < sizes(6)
