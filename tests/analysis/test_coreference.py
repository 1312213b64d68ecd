"""What pronouns refer to: one word, two, or nothing, followed to a noun."""

from __future__ import annotations

import pytest

from attnviz.analysis.coreference import resolve
from tests.analysis.lenses import lens, looking, units


def words_of(reference, words):
    return [words[candidate.word].text for candidate in reference.named]


def test_every_third_person_pronoun_is_resolved_and_nothing_else():
    words = units("I saw Anna and she saw it's end")
    found = resolve(lens(), looking(len(words)), words)
    assert [words[one.query].text for one in found] == ["she", "it's"]


def test_a_pronoun_refers_to_the_word_that_the_lens_prefers():
    words = units("the hat , liked it")  # the 1, hat 2, comma 3, liked 4, it 5
    [it] = resolve(lens(), looking(7, q5={2: 0.5, 3: 0.9}), words)
    assert words_of(it, words) == ["hat"]  # punctuation is no candidate
    assert it.candidates[0].share == pytest.approx(0.51 / (0.51 + 0.01 + 0.01), rel=1e-3)


def test_it_may_refer_to_nothing():
    words = units("hat it rains")
    [it] = resolve(lens(none=0.0), looking(5, q2={1: 0.5}), words)
    assert it.word is None and it.named == () and it.nothing > 0.5


def test_the_first_word_refers_to_nothing():
    [it] = resolve(lens(), looking(3), units("it"))
    assert (it.word, it.nothing, it.candidates) == (None, 1.0, ())


def test_a_mention_is_followed_to_its_noun_and_shares_of_one_thing_add_up():
    words = units("Anna met Eva and she lost her")  # Anna 1, Eva 3, she 5, her 7
    weights = looking(9, q5={1: 0.9}, q7={5: 0.3, 1: 0.2, 3: 0.4})
    she, her = resolve(lens(), weights, words)
    assert words_of(she, words) == ["Anna"]
    assert her.candidates[0].word == 1
    # she, Anna: 0.3 + 0.2; Eva: 0.4; three other words: nothing
    assert her.candidates[0].share == pytest.approx(0.52 / (0.9 + 6 * 0.01), rel=1e-3)


def test_an_unsure_mention_is_not_followed():
    words = units("Anna met Eva and she lost her")
    weights = looking(9, q5={1: 0.4, 3: 0.4}, q7={5: 0.9})
    _, her = resolve(lens(), weights, words)
    assert words[her.candidates[0].word].text == "she"


def test_the_same_word_again_is_one_thing_under_its_last_mention():
    words = units("hat red Hat it")
    [it] = resolve(lens(), looking(6, q4={1: 0.3, 2: 0.4, 3: 0.3}), words)
    assert it.candidates[0].word == 3


def test_two_words_that_are_near_in_probability_are_both_named():
    words = units("trophy suitcase it")
    [it] = resolve(lens(), looking(5, q3={1: 0.4, 2: 0.3}), words)
    assert words_of(it, words) == ["trophy", "suitcase"]


def test_an_answer_that_is_seldom_right_is_given_with_the_next():
    words = units("trophy suitcase it")
    [it] = resolve(lens(shift=-3.0), looking(5, q3={1: 0.8, 2: 0.1}), words)
    assert words_of(it, words) == ["trophy", "suitcase"]
    [it] = resolve(lens(shift=0.0), looking(5, q3={1: 0.8, 2: 0.1}), words)
    assert words_of(it, words) == ["trophy"]
