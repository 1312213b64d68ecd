"""Particular weight: what neither the word looked at nor the distance explains."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.specificity import between_words, head_statistics
from attnviz.analysis.view import make_view
from attnviz.result import AttentionMap, AttentionResult
from tests.analysis.results import result, uniform, words

SENTENCE = words("[CLS]", "he", "took", "the", "hat", ",", "liked", "it", "[SEP]")


def pairs_of(units, kind="encoder", special=True):
    view = make_view(result(units, uniform(len(units)), kind), special=special)
    queries, keys = view.queries(kind), view.keys(kind)
    found, excluded = between_words(view, kind)
    return {(queries[q].text, keys[k].text) for q, k in np.argwhere(found)}, excluded


def test_links_are_between_words_that_stand_apart():
    found, excluded = pairs_of(SENTENCE)
    assert ("it", "hat") in found and ("he", "the") in found
    assert not {("it", "it"), ("it", "liked"), ("it", "[SEP]"), ("it", ","), (",", "he")} & found
    assert excluded == ("special", "itself", "neighbours")


def test_hiding_special_tokens_makes_no_new_neighbours():
    pair = words("[CLS]", "a", "b", "[SEP]", "c", "d", "[SEP]")
    assert ("b", "c") in pairs_of(pair)[0]
    assert pairs_of(pair)[0] == pairs_of(pair, special=False)[0]


def test_in_a_decoder_nothing_looks_ahead():
    found, _ = pairs_of(words("a", "b", "c"), "decoder")
    assert found == {("c", "a")}


def test_neighbours_count_where_there_is_nothing_else():
    found, excluded = pairs_of(words("[CLS]", "good", "morning", "[SEP]"))
    assert found == {("good", "morning"), ("morning", "good")}
    assert excluded == ("special", "itself")


def test_across_two_texts_every_pair_of_words_counts():
    source, target = words("le", "chat", "."), words("[START]", "the", "cat")
    cross = AttentionMap(np.full((1, 1, 3, 3), 1 / 3))
    view = make_view(AttentionResult(source, {"cross": cross}, target_tokens=target))
    found, excluded = between_words(view, "cross")
    np.testing.assert_array_equal(found, [[0, 0, 0], [1, 1, 0], [1, 1, 0]])
    assert excluded == ("special",)


def test_a_word_that_all_look_at_is_particular_to_none():
    weights = np.zeros((6, 6))
    weights[:, 0] = 1.0
    assert not head_statistics(
        make_view(result(words(*"abcdef"), weights)), "encoder"
    ).strongest.any()


def test_a_head_that_always_looks_two_back_is_particular_to_no_pair():
    weights = np.eye(6, k=-2)
    assert not head_statistics(
        make_view(result(words(*"abcdef"), weights)), "encoder"
    ).strongest.any()


def test_one_link_among_plain_rows_is_particular():
    weights = np.eye(6)
    weights[4] = [0, 0.75, 0, 0, 0.25, 0]
    found = head_statistics(make_view(result(words(*"abcdef"), weights)), "encoder")
    assert np.argwhere(found.strongest).tolist() == [[4, 1]]
    np.testing.assert_allclose(found.strongest[4, 1], 0.75)
    np.testing.assert_allclose(found.rows[0, 0], [0, 0, 0, 0, 0.75, 0])
    np.testing.assert_allclose(found.between, 0.75 / 6)


def test_the_usual_weight_is_taken_off_by_hand():
    weights = np.zeros((5, 5))
    weights[4, 0], weights[3, 0], weights[2, 0] = 0.9, 0.2, 0.4
    found = head_statistics(make_view(result(words(*"abcde"), weights)), "encoder")
    np.testing.assert_allclose(found.strongest[4, 0], 0.9 - (0.2 + 0.4) / 2, atol=1e-6)
    weights[4, 2] = 0.8  # the same distance as c to a and d to b
    found = head_statistics(make_view(result(words(*"abcde"), weights)), "encoder")
    np.testing.assert_allclose(found.strongest[4, 2], 0.8 - 0.4 / 2, atol=1e-6)


def test_the_head_that_holds_a_link_is_counted_through_the_layers():
    weights = np.tile(np.eye(5), (2, 3, 1, 1))
    weights[1, 2, 4, 0] = 0.5
    assert head_statistics(make_view(result(words(*"abcde"), weights)), "encoder").holder[4, 0] == 5


@settings(max_examples=50)
@given(st.integers(1, 9), st.integers(0, 2**31), st.sampled_from(["encoder", "decoder"]))
def test_the_particular_part_is_never_more_than_the_weight(n, seed, kind):
    weights = np.random.default_rng(seed).dirichlet(np.full(n, 0.3), (2, 2, n))
    view = make_view(result(words(*"abcdefghi"[:n]), weights, kind))
    found = head_statistics(view, kind)
    assert (found.share <= found.between + 1e-6).all()
    assert (found.strongest <= view.map(kind).weights.max(axis=(0, 1)) + 1e-6).all()
    assert (found.between <= 1 + 1e-6).all() and (found.share >= 0).all()
