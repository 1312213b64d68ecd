"""Labels: never overlapping, never cut, as large as fits or thinned out with a note."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.answers import MatrixView, WordAttention
from attnviz.errors import InputError
from attnviz.render.figure import Style, answers, head_grid, heat_map, side_by_side
from attnviz.render.figure.measure import TextMeasurer
from attnviz.result import AttentionMap, Head, Token
from tests.render.drawn import (
    count,
    cut,
    labels,
    many,
    notes,
    overlapping,
    softmax,
    texts,
    tokens,
    view,
)
from tests.support.results import attention

# Letters that matplotlib's own font has, so that no machine lacks them.
LETTERS = st.sampled_from("aMiW.gj|äéжщΩ مرحباשלום\n\x1b\u202e_$^{}\\")
WORDS = st.text(LETTERS, max_size=30)


def tidy(figure):
    assert overlapping(figure) == []
    assert cut(figure) == []
    return figure


@pytest.mark.parametrize("n", [3, 9, 40, 128, 512])
@pytest.mark.parametrize("size", [None, (3.3, 3.0)])
def test_labels_have_room_from_three_tokens_to_five_hundred(n, size):
    tidy(heat_map(view(n), Style(size=size)))


@given(
    rows=st.lists(WORDS, min_size=1, max_size=40),
    columns=st.lists(WORDS, min_size=1, max_size=40),
    size=st.sampled_from([None, (3.3, 3.0), (7.0, 4.0), (2.5, 6.0)]),
    dpi=st.sampled_from([72, 150, 300]),
)
@settings(deadline=None, max_examples=25)
def test_no_tokens_make_labels_collide(rows, columns, size, dpi):
    shown = MatrixView(
        softmax(len(rows), len(columns)), tuple(map(Token, rows)), tuple(map(Token, columns)), "any"
    )
    tidy(heat_map(shown, Style(size=size, dpi=dpi)))


@pytest.mark.parametrize("size", [None, (6.5, 4.0), (10.0, 3.0), (3.5, 9.0)])
def test_matrices_side_by_side_keep_apart(size):
    tidy(side_by_side([view(10), view(9, "a long title " * 4), view(12)], Style(size=size)))


@pytest.mark.parametrize("shape", [(6, 12, 10), (1, 12, 10), (1, 5, 30), (3, 1, 4)])
@pytest.mark.parametrize("size", [None, (6.5, 5.0)])
def test_names_of_heads_and_tokens_keep_apart(shape, size):
    *grid, n = shape
    map = AttentionMap(attention((*grid, n, n)))
    tidy(head_grid(map, many(n), many(n), Style(size=size), title="all heads"))


@pytest.mark.parametrize("n", [2, 10, 60])
@pytest.mark.parametrize("size", [None, (3.3, 3.0)])
def test_bars_and_their_numbers_keep_apart(n, size):
    rows = softmax(5, n)
    heads = tuple(Head(3, i) for i in range(4))
    answer = WordAttention(
        Token("it"), 1, many(n), rows[4], heads, rows[:4], (0, 1, 0, 1), n_heads=72, hidden=0.3
    )
    tidy(answers([answer, answer], Style(size=size)))
    tidy(answers([answer], Style(size=size)))


def test_every_token_is_labelled_on_both_sides_while_that_can_be_read():
    shown = texts(heat_map(view(10)))
    assert all(count(shown, token.text) == 2 for token in tokens())


def test_labels_that_do_not_fit_are_thinned_out_and_the_picture_says_so():
    figure = heat_map(view(512))
    assert "only the strongest tokens are labelled" in notes(figure)
    assert 180 < len(labels(figure)) < 300


def test_the_strongest_tokens_keep_their_labels():
    shown = tuple(Token(f"word{i}") for i in range(24))
    weights = np.full((24, 24), 0.01, np.float32)
    weights[7, 18], weights[20, 3] = 0.8, 0.7
    figure = tidy(heat_map(MatrixView(weights, shown, shown, "24"), Style(size=(3.3, 2.5))))
    assert {"word7", "word18", "word20", "word3"} <= set(texts(figure))
    assert "only the strongest tokens are labelled" in notes(figure)


def test_a_full_set_of_labels_needs_no_note():
    assert "labelled" not in notes(heat_map(view(40)))


def test_labels_are_no_smaller_than_can_be_read():
    for n in (9, 40, 128, 512):
        assert min(text.get_fontsize() for text in labels(heat_map(view(n)))) >= 5


def test_long_tokens_end_in_an_ellipsis_and_leave_room_for_the_matrix():
    shown = (Token("Donaudampfschifffahrt" * 20), Token("b"))
    figure = tidy(heat_map(MatrixView(softmax(2), shown, shown, "two"), Style(size=(3.3, 3.0))))
    assert any(text.startswith("Donau") and text.endswith("…") for text in texts(figure))
    matrix = figure.axes[0].get_window_extent().size / figure.dpi
    assert matrix.min() > 0.8


@pytest.mark.parametrize("n", [20, 40, 100])
def test_letters_with_towers_of_accents_keep_apart(n):
    shown = tuple(Token("A\u030a\u0302\u0303\u0304\u0327\u0331") for _ in range(n))
    for size in (None, (3.3, 3.0), (5, 5)):
        tidy(heat_map(MatrixView(softmax(n), shown, shown, "high"), Style(size=size)))


@pytest.mark.parametrize("letter", ["e\u0301", "कि", "👍🏽", "👨\u200d👩\u200d👧"])
def test_an_ellipsis_never_cuts_through_a_letter_or_an_emoji(letter):
    assert len(letter) > 1
    measurer = TextMeasurer(["a"], 100)
    for room in (0.1, 0.3, 0.5, 1.0, 1.1, 1.2):
        kept = measurer.elide(letter * 30, 8.0, room)
        assert kept == letter * kept.count(letter[-1]) + "…"
        assert measurer.size(kept, 8.0)[0] <= room or kept == "…"


def test_headings_are_never_broken_within_the_name_of_a_head():
    measurer = TextMeasurer(["a"], 100)
    for room in np.linspace(0.6, 2.5, 20):
        lines = measurer.wrap("They were cold 3 times: head 3.1, layer 12", 8, float(room))
        assert any("head 3.1" in line for line in lines)
        assert any("layer 12" in line for line in lines)
        assert " ".join(lines) == "They were cold 3 times: head 3.1, layer 12"
    assert measurer.wrap("", 8, 1) == []


def test_columns_of_short_words_are_labelled_upright_and_of_long_ones_turned():
    short = many(3)[:1] + tuple(map(Token, "ab"))
    upright = heat_map(
        MatrixView(softmax(3), tuple(map(Token, "xyz")), tuple(map(Token, "abc")), "t")
    )
    turned = heat_map(MatrixView(softmax(3), short, tuple(map(Token, ["considerable"] * 3)), "t"))
    assert {text.get_rotation() for text in labels(upright)} == {0}
    assert {text.get_rotation() for text in labels(turned)} == {0, 90}


def test_special_tokens_are_paler_than_words():
    colour = {text.get_text(): text.get_color() for text in labels(heat_map(view(10)))}
    assert colour["[CLS]"] == colour["[SEP]"] != colour["hat"] == colour["it"]


def test_a_size_without_room_for_the_labels_is_refused_in_one_sentence():
    with pytest.raises(InputError, match=r"0\.5 × 0\.5 inches has no room .* larger --size"):
        heat_map(view(10), Style(size=(0.5, 0.5)))
    map = AttentionMap(attention((12, 12, 4, 4)))
    with pytest.raises(InputError, match="no room for 144 heads"):
        head_grid(map, many(4), many(4), Style(size=(1, 1)))


def test_a_given_size_is_kept_to_the_pixel_and_filled():
    figure = heat_map(view(10), Style(size=(3.3, 3.0), dpi=100))
    assert tuple(np.round(figure.get_size_inches() * figure.dpi)) == (330, 300)
    box = figure.axes[0].get_window_extent()
    assert box.height > 0.45 * 300 and box.width > 0.45 * 330
