"""Sentences about a picture, the same wherever it is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.answers import Choice, Longer, MatrixView
from attnviz.analysis.labels import Label
from attnviz.render.figure import Style, answers, heat_map
from attnviz.render.labels import name_of
from attnviz.render.sentences import (
    MERGED,
    answer_notes,
    hidden_note,
    links_note,
    matrix_notes,
    mean_of,
    percent,
)
from attnviz.render.terminal import answer as terminal_answer
from attnviz.render.terminal import heat_map as terminal_heat_map
from attnviz.render.terminal import title
from attnviz.result import Head
from tests.render import drawn, printed
from tests.support.results import encoder

LABELS = (Label("a → b", 0.6, 0.25), Label("previous word", 0.5))
CHOICE = Choice(Head(1, 2), 0.1, 0.62, ("special", "itself", "neighbours"), 6)


def view(*heads: Head, title: str = "") -> MatrixView:
    return MatrixView(np.ones((0, 0), np.float32), (), (), title, heads=heads)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        (view(Head(7, 5)), "head 7.5"),
        (replace(view(Head(7, 5)), labels=LABELS), "head 7.5 (a → b)"),
        (replace(view(Head(7, 5)), labels=LABELS, weighting="norm"), "norms of head 7.5 (a → b)"),
        (view(Head(7, 3), Head(7, 5)), "layer 7, mean of 2 heads"),
        (view(Head(0, 0), Head(0, 1), Head(2, 0), Head(2, 1)), "mean of 4 heads in 2 layers"),
        (view(Head(7, 5), title="change in head 7.5"), "change in head 7.5"),
        (view(), ""),
    ],
)
def test_a_matrix_is_named_after_its_heads_unless_it_has_a_name(shown, name):
    assert name_of(shown) == name


def test_a_matrix_of_one_head_says_all_that_it_was_found_to_do():
    said = "Head 7.5 was found to be: a → b .60 against .25, previous word .50."
    assert said in matrix_notes(replace(view(Head(7, 5)), labels=LABELS))
    assert matrix_notes(view(Head(7, 5))) == []


def test_an_answer_says_what_its_heads_were_found_to_do():
    answer = replace(printed.hat_answer(), labels={Head(3, 1): LABELS})
    assert "Found to be: 3.1 a → b." in answer_notes(answer)
    alone = answer_notes(replace(answer, n_heads=1))
    assert "Head 3.1 was found to be: a → b .60 against .25, previous word .50." in alone


def test_a_list_of_links_says_that_some_come_last_for_how_far_they_look():
    last = "Those of heads that look as far from every word come last."
    assert last in links_note(("special",), 6, 2)
    assert last not in links_note(("special",), 6, 0) + links_note(("special",), 6, 6)


def test_an_answer_says_over_which_heads_it_is():
    assert mean_of(printed.hat_answer()) == "mean of 72 heads"
    assert mean_of(printed.hat_answer(n_heads=1)) == "head 3.1"
    assert mean_of(printed.hat_answer(n_heads=0)) == "mean of all heads"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {},
            "Head 1.2 is shown: 62% of a word's weight goes to other words (not special tokens, "
            "itself or its neighbours), 10% beyond what distance and popular words explain, "
            "the most of 6 heads.",
        ),
        (
            {"kind": "cross", "excluded": ("special",), "n_heads": 1},
            "Head 1.2 is shown: 62% of a word's weight goes to words of the other text (not "
            "special tokens), 10% beyond what distance and popular words explain, the most of "
            "1 head.",
        ),
        ({"links": False}, "Head 1.2 is shown; there are no two words to choose by."),
    ],
)
def test_why_a_head_is_shown_is_one_sentence(changed, sentence):
    assert matrix_notes(replace(view(), choice=replace(CHOICE, **changed))) == [sentence]


def test_which_of_several_occurrences_is_meant_is_said():
    asked = printed.hat_answer(occurrence=2, occurrences=3)
    said, ranked = answer_notes(asked)
    assert said == "This is 'it' number 2 of 3; ask 'it:2' for the second."
    assert "beyond what distance and popular words explain" in ranked
    assert answer_notes(printed.hat_answer()) == [ranked.replace("'it:2'", "'it'")]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0%"),
        (0.0004, "under 1%"),
        (0.0051, "1%"),
        (0.125, "13%"),
        (0.9999, "over 99%"),
        (1, "100%"),
    ],
)
def test_a_share_is_said_as_people_say_it(share, said):
    assert percent(share) == said


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_is_never_rounded_to_nothing_or_all(share):
    assert percent(share) not in ("0%", "100%")


def test_terminal_and_figure_say_the_same():
    matrix = replace(drawn.view(), hidden=0.624, merged=True, choice=CHOICE)
    asked = printed.hat_answer(hidden=0.25, merged=True, occurrence=1, occurrences=2)
    screen, wide = printed.screen(1000), Style(size=(20, 6))  # so that no sentence is broken
    for said, figure, lines in (
        (matrix_notes(matrix), heat_map(matrix, wide), terminal_heat_map(matrix, screen)),
        (answer_notes(asked), answers([asked], wide), terminal_answer(asked, screen)),
    ):
        assert MERGED in said and len(said) >= 3
        for sentence in said:
            assert sentence in drawn.notes(figure)
            assert sentence in printed.text(lines)


def test_hidden_weight_has_one_sentence():
    assert hidden_note(0.624) == (
        "62% of the weight goes to hidden special tokens; nothing is rescaled."
    )
    assert hidden_note(0.624, sinks=True) == (
        "62% of the weight goes to the heads' sinks, which are no tokens, or to hidden special "
        "tokens; nothing is rescaled."
    )


def test_a_text_longer_than_those_trained_on_is_named_in_figure_page_and_title():
    said = "The text has 11 tokens; the model was trained on up to 4"
    result = encoder("the ship " * 4 + "mend", layers=1, heads=2)
    trained = replace(result, model=replace(result.model, max_seq_length=4))
    for choices in ({"head": "0.1"}, {"heads": "all"}, {"ask": "mend"}):
        assert said in drawn.notes(trained.figure(size=(12, 9), **choices))
        assert said not in drawn.notes(result.figure(size=(12, 9), **choices))
    assert said in trained._repr_html_()
    assert said not in result._repr_html_()
    shown = title(trained.model, "11 tokens", 1, 2, printed.screen(), longer=Longer.of(11, 4))
    assert "11 tokens (trained on 4)" in printed.text(shown)[0]
