"""Views: words or tokens, special tokens shown or hidden, and what hiding them hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.view import make_view, select_heads
from attnviz.errors import InputError, UnknownHead
from attnviz.result import AttentionMap, AttentionResult, Head, ModelInfo, Token
from tests.analysis.results import result, tokens, uniform, words
from tests.support.results import translator

UNITS = words("[CLS]", "a", "b", "[SEP]")
WEIGHTS = np.array(
    [[0.7, 0.1, 0.1, 0.1], [0.5, 0.1, 0.2, 0.2], [0.1, 0.3, 0.4, 0.2], [1, 0, 0, 0]], np.float32
)


def test_hiding_special_tokens_leaves_the_other_weights_as_they_are():
    view = make_view(result(UNITS, WEIGHTS), special=False)
    np.testing.assert_array_equal(view.map("encoder").weights[0, 0], WEIGHTS[1:3, 1:3])
    assert view.map("encoder").keys == (1, 2)
    assert [t.text for t in view.keys("encoder")] == ["a", "b"]


def test_hiding_special_tokens_says_how_much_of_each_row_went_to_them():
    view = make_view(result(UNITS, WEIGHTS), special=False)
    np.testing.assert_allclose(view.hidden["encoder"], [[[0.7, 0.3]]], atol=1e-7)


def test_what_was_hidden_before_is_still_said():
    source = result(words("[CLS]", "a", "b", "[SEP]"), [[0.4, 0.3, 0.2, 0.1]] * 4)
    hidden = make_view(source, special=False)
    again = make_view(hidden.result)
    np.testing.assert_allclose(again.hidden["encoder"], hidden.hidden["encoder"], atol=1e-6)
    cut = replace(source, maps={"encoder": source.maps["encoder"].select(keys=[0, 1, 3])})
    assert not make_view(cut).hidden["encoder"].any()  # who knows what took the weight of a word


def test_nothing_is_hidden_when_special_tokens_are_shown():
    view = make_view(result(UNITS, WEIGHTS))
    assert view.hidden["encoder"].shape == (1, 1, 4)
    assert not view.hidden["encoder"].any()


def test_words_are_shown_unless_tokens_are_asked_for():
    source = result(tokens("ab", "a+b"), uniform(2), text="ab")
    assert [t.text for t in make_view(source).keys("encoder")] == ["ab"]
    assert [t.text for t in make_view(source, words=False).keys("encoder")] == ["a", "b"]


def test_a_view_says_that_tokens_were_merged_only_when_some_were():
    assert make_view(result(tokens("ab", "a+b"), uniform(2))).merged
    assert not make_view(result(tokens("a b", "a b"), uniform(2))).merged
    assert not make_view(result(tokens("ab", "a+b"), uniform(2)), words=False).merged


def test_a_map_is_merged_where_its_own_tokens_were():
    view = make_view(translator())
    assert view.merged == {"encoder", "cross", "decoder"}
    alone = AttentionResult(
        words("a", "b"),
        {
            "cross": AttentionMap(uniform(2)[None, None]),
            "encoder": AttentionMap(uniform(2)[None, None]),
        },
        target_tokens=tokens("ab", "a+b"),
    )
    assert make_view(alone).merged == {"cross"}


def test_special_tokens_of_source_and_target_are_hidden_each_on_its_side():
    source, target = words("a", "[EOS]"), words("[START]", "b", "c")
    cross = AttentionMap(np.array([[0.4, 0.6], [0.9, 0.1], [0.5, 0.5]], np.float32)[None, None])
    pair = AttentionResult(source, {"cross": cross}, target_tokens=target)
    view = make_view(pair, special=False)
    np.testing.assert_allclose(view.map("cross").weights[0, 0], [[0.9], [0.5]])
    np.testing.assert_allclose(view.hidden["cross"][0, 0], [0.1, 0.5])


def test_a_text_of_special_tokens_alone_cannot_be_shown_without_them():
    with pytest.raises(InputError, match="special"):
        make_view(result(words("[CLS]", "[SEP]"), uniform(2)), special=False)


def test_an_unknown_kind_of_map_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"'cross'.*encoder"):
        make_view(result(UNITS, WEIGHTS)).map("cross")


@given(st.lists(st.booleans(), min_size=1, max_size=8).filter(lambda marks: not all(marks)))
def test_what_is_shown_and_what_is_hidden_make_up_the_whole_row(marks):
    units = tuple(Token("x", word=None if s else i, special=s) for i, s in enumerate(marks))
    weights = np.random.default_rng(len(marks)).dirichlet(np.ones(len(marks)), (2, 3, len(marks)))
    view = make_view(result(units, weights), special=False)
    shown = view.map("encoder").weights.sum(axis=-1)
    np.testing.assert_allclose(shown + view.hidden["encoder"], 1, atol=1e-6)


def test_a_result_is_confined_to_a_layer_or_a_head_under_its_true_name():
    source = result(UNITS, np.arange(6 * 16).reshape(2, 3, 4, 4))
    layer = select_heads(source, layer=1).maps["encoder"]
    assert (layer.layers, layer.heads) == ((1,), (0, 1, 2))
    head = select_heads(source, heads=[Head(1, 2)]).maps["encoder"]
    assert (head.layers, head.heads) == ((1,), (2,))
    np.testing.assert_array_equal(head.weights[0, 0], np.arange(80, 96).reshape(4, 4))
    assert select_heads(source) is source


def test_confining_leaves_out_the_maps_without_that_layer():
    maps = {
        "encoder": AttentionMap(np.ones((1, 1, 1, 1))),
        "cross": AttentionMap(np.ones((2, 1, 1, 1))),
    }
    pair = AttentionResult(words("a"), maps, target_tokens=words("b"))
    assert list(select_heads(pair, layer=1).maps) == ["cross"]


def test_confining_to_what_is_not_there_is_refused():
    with pytest.raises(UnknownHead, match=r"9\.1"):
        select_heads(result(UNITS, WEIGHTS), heads=[Head(9, 1)])
    with pytest.raises(UnknownHead, match="layer 9"):
        select_heads(result(UNITS, WEIGHTS), layer=9)


def test_what_sinks_take_is_hidden_weight():
    half = result(UNITS, WEIGHTS / 2)
    sunk = replace(half, model=ModelInfo("small", "gpt_oss"))
    np.testing.assert_allclose(make_view(sunk).hidden["encoder"], 0.5, atol=1e-6)
    assert make_view(sunk).sinks
    shown = make_view(sunk, special=False)
    np.testing.assert_allclose(shown.hidden["encoder"], [[[0.85, 0.65]]], atol=1e-6)
    assert not make_view(half).hidden["encoder"].any()  # of another model nobody knows why
