"""Asking: which word is meant, where it looks, and in which heads."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.ask import Place, ask, find_word
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.errors import UnknownWord
from attnviz.render.sentences import answer_notes
from attnviz.result import Head
from tests.analysis.results import result, words

SENTENCE = words("[CLS]", "It", "took", "the", "hat", ",", "liked", "it", "[SEP]")


@pytest.mark.parametrize(("asked", "position"), [("hat", 4), ("HAT", 4), ("it:2", 7), (",", 5)])
def test_a_word_is_found_whatever_its_case(asked, position):
    assert find_word(SENTENCE, asked).position == position


def test_of_several_occurrences_the_first_is_meant():
    assert find_word(SENTENCE, "it") == Place(1, 1, 2)


def test_a_word_may_contain_a_colon():
    assert find_word(words("at", "10:30", "today"), "10:30").position == 1


def test_a_word_is_found_without_the_punctuation_it_carries():
    assert find_word(words("the", "hat,", "too"), "hat").position == 1


def test_accents_may_be_composed_or_not():
    assert find_word(words("caf\u00e9"), "cafe\u0301").position == 0


def test_a_special_token_can_be_asked_for():
    assert find_word(SENTENCE, "[sep]").position == 8


def test_an_unknown_word_is_refused_with_the_words_there_are():
    with pytest.raises(UnknownWord) as refused:
        find_word(SENTENCE, "hut")
    assert str(refused.value) == (
        "there is no word 'hut' here; did you mean 'hat'? there are It, took, the, hat, liked, it"
    )


def test_many_words_are_cut_short():
    with pytest.raises(UnknownWord, match=r"w29 and 10 more$"):
        find_word(words(*(f"w{i}" for i in range(40))), "zzz")


@pytest.mark.parametrize("asked", ["it:3", "it:0"])
def test_an_occurrence_that_is_not_there_is_refused(asked):
    with pytest.raises(UnknownWord, match=f"'it' occurs 2 times, so there is no '{asked}'"):
        find_word(SENTENCE, asked)


@pytest.mark.parametrize("asked", ["", " ", ":", ":2"])
def test_no_word_at_all_is_refused(asked):
    with pytest.raises(UnknownWord):
        find_word(SENTENCE, asked)


def answer(asked="it:2", special=True, n_heads=3):
    """Head 1.1 looks from "it" to "hat", 0.0 to "It", and every other head at [SEP]."""
    weights = np.zeros((2, 2, 9, 9))
    weights[..., 8] = 1.0
    weights[1, 1, 7, [4, 8]] = 0.75, 0.25
    weights[0, 0, 7, [1, 8]] = 0.5, 0.5
    view = make_view(result(SENTENCE, weights), special=special)
    place = find_word(view.queries("encoder"), asked)
    return ask(view, "encoder", head_statistics(view, "encoder"), place, n_heads)


def test_the_heads_that_say_most_come_first_with_the_word_they_look_at():
    found = answer()
    assert found.heads == (Head(1, 1), Head(0, 0))
    assert [found.keys[top].text for top in found.tops] == ["hat", "It"]
    np.testing.assert_allclose(found.rows[0, 4], 0.75)


def test_the_mean_is_over_all_heads_of_the_map():
    found = answer()
    assert found.n_heads == 4
    np.testing.assert_allclose(found.mean[[1, 4, 8]], [0.125, 0.1875, 0.6875])


def test_hidden_tokens_are_missing_from_the_answer_and_accounted_for():
    found = answer(special=False)
    assert found.keys[0].text == "It"
    assert found.hidden == pytest.approx(0.6875)
    assert found.rows[0].sum() == pytest.approx(0.75)


def test_only_as_many_heads_as_asked_for():
    assert answer(n_heads=1).heads == (Head(1, 1),)


def test_a_word_that_looks_at_no_other_word_shows_what_its_heads_do_look_at():
    found = answer("took")
    assert len(found.heads) == 3
    assert {found.keys[top].text for top in found.tops} == {"[SEP]"}
    assert not found.particular and found.excluded == ("itself",)
    assert answer_notes(found) == [
        "Heads by the weight that 'took' gives anything but itself, for to no other word is it "
        "beyond what distance and popular words explain."
    ]
    assert answer().particular


def test_the_answer_says_which_of_several_occurrences_it_is_about():
    assert (answer().occurrence, answer().occurrences) == (2, 2)
    assert (answer("hat").occurrence, answer("hat").occurrences) == (1, 1)
