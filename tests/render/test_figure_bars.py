"""The row of a word as bars: over all heads, and in the heads that say most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from attnviz.analysis.answers import WordAttention
from attnviz.errors import InputError
from attnviz.render.figure import Style, answers
from attnviz.render.sentences import hidden_note
from attnviz.result import Head, Token
from tests.render.drawn import cut, labels, many, notes, overlapping, texts, tokens

MEAN = np.array([0.4, 0.05, 0.05, 0.05, 0.1, 0.05, 0.1, 0.05, 0.05, 0.1], np.float32)
SHARP = np.array([0.17, 0, 0, 0.01, 0.75, 0, 0.02, 0.01, 0.01, 0.03], np.float32)
ANSWER = WordAttention(
    Token("it"),
    7,
    tokens(),
    MEAN,
    (Head(3, 1),),
    SHARP[None],
    (4,),
    top=4,
    n_heads=72,
    hidden=0.25,
    occurrence=1,
    occurrences=2,
)


def bars(figure):
    """Widths of the bars, column by column, in inches; hairlines left out."""
    found = [patch for patch in figure.artists if isinstance(patch, Rectangle)]
    return [patch.get_width() for patch in found if patch.get_width() != 0.008]


def test_the_answer_can_be_seen_at_a_glance():
    shown = {text.get_text(): text for text in labels(answers([ANSWER]))}
    assert {"Where “it” looks", "mean of 72 heads", "head 3.1", "hat"} <= set(shown)
    assert shown["0.75"].get_fontweight() == "bold" and shown["0.17"].get_fontweight() == "normal"


def test_bars_are_as_long_as_weights_are_large_on_one_scale_for_all():
    found = np.array(bars(answers([ANSWER])))
    weights = np.concatenate([MEAN, SHARP])
    assert np.allclose(found / found.max(), weights / weights.max(), atol=1e-6)
    assert "bars go from 0 to 1" in notes(answers([ANSWER]))
    half = np.array(bars(answers([ANSWER], Style(vmax=0.5))))
    assert half.max() == pytest.approx(found.max() / 0.75)  # all that is beyond ends at the end


def test_what_a_single_head_looks_at_most_is_darker():
    figure = answers([ANSWER])
    found = [patch for patch in figure.artists if isinstance(patch, Rectangle)]
    darkness = [sum(patch.get_facecolor()[:3]) for patch in found]
    dark = [p.get_width() for p, d in zip(found, darkness, strict=True) if d == min(darkness)]
    assert dark == [bars(figure)[4], bars(figure)[14]]  # hat, in the mean and in the head


def test_weights_that_round_to_nothing_have_no_number():
    assert "0.00" not in texts(answers([ANSWER]))


def test_what_is_hidden_and_what_must_be_said_stand_below():
    said = notes(answers([ANSWER]))
    assert hidden_note(0.25) in said and "'it' number 1 of 2" in said


def test_several_words_are_answered_in_one_picture():
    other = replace(ANSWER, word=Token("hat"), position=4)
    shown = texts(answers([ANSWER, other]))
    assert {"Where “it” looks", "Where “hat” looks"} <= set(shown)
    assert shown.count("examined") == 2 and "it: 25%" in notes(answers([ANSWER, other]))


def test_a_word_of_several_texts_is_told_apart_by_its_text():
    asked = [replace(ANSWER, text="The farmers were hungry"), replace(ANSWER, text="They are ripe")]
    for size in None, (3.3, 5):
        figure = answers(asked, Style(size=size))
        assert {answer.text for answer in asked} <= set(texts(figure))
        assert not overlapping(figure) and not cut(figure)
    assert "it in the 2nd text: 25%" in notes(answers(asked))
    assert asked[0].text not in texts(answers(asked[:1]))


def test_a_head_alone_has_one_column_under_its_name():
    shown = texts(answers([replace(ANSWER, n_heads=1)]))
    assert shown.count("head 3.1") == 1 and not any("mean" in text for text in shown)


def test_of_a_long_text_the_keys_that_get_most_are_shown_and_the_rest_is_told():
    rng = np.random.default_rng(0)
    mean = rng.dirichlet(np.ones(100)).astype(np.float32)
    mean[50] = 0.9
    keys = (*many(50), Token("strongest"), *many(49))
    long = replace(ANSWER, keys=keys, mean=mean, rows=mean[None], tops=(50,))
    figure = answers([long])
    assert "strongest" in texts(figure) and "only the 24 of 100 keys" in notes(figure)
    left_out = np.sort(mean)[:76].sum()
    assert f"the others get {left_out:.0%} of the mean" in notes(figure)


def test_keys_keep_the_order_of_the_sentence():
    figure = answers([ANSWER])
    at = {text.get_text(): text.get_window_extent().y0 for text in labels(figure)}
    heights = [at[token.text] for token in tokens()]
    assert heights == sorted(heights, reverse=True)


def test_fewer_heads_are_shown_where_there_is_no_room_for_more():
    heads = tuple(Head(3, i) for i in range(5))
    wide = replace(ANSWER, heads=heads, rows=np.stack([SHARP] * 5), tops=(4,) * 5)
    shown = texts(answers([wide], Style(size=(3.3, 2.5))))
    assert "head 3.0" in shown and "head 3.4" not in shown


def test_nothing_asked_is_refused():
    with pytest.raises(InputError, match="no answer"):
        answers([])


def test_a_picture_too_small_for_bars_is_refused():
    with pytest.raises(InputError, match="no room for its bars"):
        answers([ANSWER], Style(size=(1, 1)))
