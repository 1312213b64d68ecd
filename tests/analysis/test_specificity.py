"""Particular weight: what neither the word looked at nor the distance explains."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis import specificity
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


@settings(max_examples=50)
@given(st.integers(1, 9), st.integers(0, 2**31), st.sampled_from(["encoder", "decoder", "cross"]))
def test_heads_that_are_looked_at_together_have_what_each_has_alone(n, seed, kind):
    weights = np.random.default_rng(seed).dirichlet(np.full(n, 0.3), (3, 2, n))
    weights[1, 0] = weights[2, 1] = looking_back(n)
    view = make_view(result(words(*"abcdefghi"[:n]), weights, kind))
    together = head_statistics(view, kind)
    with mock.patch.object(specificity, "TOGETHER", 1):
        alone = head_statistics(view, kind)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def looking_back(n, at_random=()):
    """A head that looks two words back, but for some rows that look at the first word."""
    weights = np.zeros((n, n))
    for query in range(n):
        weights[query, 0 if query in at_random else max(query - 2, 0)] = 1
    return weights


def positional(weights, kind="encoder", units=None):
    view = make_view(result(units or words(*"abcdefgh"), weights, kind))
    return head_statistics(view, kind).positional.ravel().tolist()


def test_a_head_that_looks_as_far_from_most_words_is_positional():
    assert positional(looking_back(8)) == [True]
    assert positional(looking_back(8, at_random=(4,))) == [True]
    assert positional(looking_back(8, at_random=(3, 4, 5, 6))) == [False]


def test_weight_on_special_tokens_does_not_make_a_head_positional_nor_save_it():
    units = words("[CLS]", *"abcdefg")
    weights = 0.1 * looking_back(8)
    weights[:, 0] += 0.9
    assert positional(weights, units=units) == [True]


def test_of_three_words_nobody_can_tell():
    assert positional(np.eye(3), units=words(*"abc")) == [False]


def test_a_pair_belongs_to_a_head_that_distance_does_not_explain():
    other = np.full((8, 8), 1 / 8)
    other[6, 0] = 0.5
    behind = looking_back(8)
    behind[6] = 0
    behind[6, 0], behind[7, 2] = 1, 0.9
    view = make_view(result(words(*"abcdefgh"), np.stack([behind, other])[None]))
    found = head_statistics(view, "encoder")
    assert found.positional.tolist() == [[True, False]]
    assert found.holder[6, 0] == 1 and not found.behind[6, 0]
    assert found.holder[7, 2] == 0 and found.behind[7, 2]
