"""Words: how tokens and their weights become words and theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from attnviz.analysis.marks import read_piece
from attnviz.analysis.words import is_word, merge_words, merged_map
from attnviz.result import AttentionMap, AttentionResult, Token
from tests.analysis.results import result, tokens

TEXT = "an unbelievable hat"
PIECES = tokens(TEXT, "[CLS] an un+believ+able hat [SEP]")


def test_attention_to_a_word_is_the_sum_over_its_tokens_and_from_it_the_mean():
    units = tokens("a bc", "a b+c")
    merged = merge_words(result(units, [[0.2, 0.3, 0.5], [0.6, 0.4, 0.0], [0.0, 0.2, 0.8]]))
    expected = [[0.2, 0.8], [0.3, 0.7]]  # rows of b and c: (0.6 + 0.0) / 2, (0.4 + 1.0) / 2
    np.testing.assert_allclose(merged.maps["encoder"].weights[0, 0], expected, atol=1e-7)


def test_a_word_is_written_as_in_the_text_and_spans_its_tokens():
    merged = merge_words(result(PIECES, np.eye(7), text=TEXT))
    assert [t.text for t in merged.tokens] == ["[CLS]", "an", "unbelievable", "hat", "[SEP]"]
    word = merged.tokens[2]
    assert (word.start, word.end, word.word, word.id) == (3, 15, 1, None)
    assert merged.tokens[3].id == PIECES[5].id


def test_without_a_text_the_pieces_are_joined_and_their_marks_dropped():
    units = (Token("un", word=0), Token("##believ", word=0), Token("##able", word=0))
    assert merge_words(result(units, np.eye(3))).tokens[0].text == "unbelievable"
    units = (Token("Ġhat", word=0), Token("s", word=0))
    assert merge_words(result(units, np.eye(2))).tokens[0].text == "hats"


def test_space_that_a_token_carries_is_not_part_of_the_word():
    units = (Token("a", start=0, end=1, word=0), Token(" hat", start=1, end=5, word=1))
    merged = merge_words(result(units, np.eye(2), text="a hat"))
    assert [t.text for t in merged.tokens] == ["a", "hat"]


def test_special_tokens_stay_units_even_when_a_document_gives_them_a_word():
    units = (Token("[CLS]", special=True, word=0), Token("a", word=0), Token("[SEP]", special=True))
    assert len(merge_words(result(units, np.eye(3))).tokens) == 3


def test_tokens_without_words_stay_as_they_are():
    units = (Token("a"), Token("b"))
    merged = merge_words(result(units, np.eye(2)))
    assert merged.tokens == units
    np.testing.assert_array_equal(merged.maps["encoder"].weights[0, 0], np.eye(2))


def test_layers_and_heads_keep_their_true_indices():
    weights = np.zeros((1, 2, 7, 7))
    source = replace(
        result(PIECES, weights), maps={"encoder": AttentionMap(weights, layers=(7,), heads=(1, 4))}
    )
    map = merge_words(source).maps["encoder"]
    assert (map.layers, map.heads) == ((7,), (1, 4))


def test_a_map_of_some_rows_and_columns_merges_those_it_has():
    weights = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    map = AttentionMap(weights, queries=(2, 4), keys=(4, 1))
    source = AttentionResult(PIECES, {"encoder": map}, texts=(TEXT,))
    merged = merge_words(source).maps["encoder"]
    assert (merged.queries, merged.keys) == ((2,), (1, 2))
    np.testing.assert_allclose(merged.weights[0, 0], [[2.0, 1.0]])  # means of columns 1 and 4


def test_each_side_of_a_cross_map_merges_by_its_own_words():
    source, target = tokens("a bc", "a b+c"), tokens("de f", "d+e f")
    decoder = np.tril(np.ones((3, 3))) / np.array([[1], [2], [3]])
    cross = np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7], [1.0, 0.0, 0.0]])
    maps = {
        "encoder": AttentionMap(np.eye(3)[None, None]),
        "decoder": AttentionMap(decoder[None, None]),
        "cross": AttentionMap(cross[None, None]),
    }
    result = AttentionResult(source, maps, target_tokens=target)
    merged = merge_words(result)
    np.testing.assert_allclose(merged.maps["cross"].weights[0, 0], [[0.3, 0.7], [1, 0]], atol=1e-6)
    np.testing.assert_allclose(
        merged.maps["decoder"].weights[0, 0], [[1, 0], [2 / 3, 1 / 3]], atol=1e-6
    )
    assert [t.text for t in merged.target_tokens] == ["de", "f"]
    for kind, map in merged.maps.items():
        alone = merged_map(result, kind)
        np.testing.assert_array_equal(alone.weights, map.weights)
        assert alone.axes == map.axes and (alone.queries, alone.keys) == (map.queries, map.keys)


def test_hidden_states_do_not_survive_because_they_count_tokens():
    source = replace(result(PIECES, np.eye(7)), hidden=np.zeros((7, 2), np.float32))
    assert merge_words(source).hidden is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hat", True),
        (",", False),
        ("...", False),
        ("7", True),
        ("帽", True),
        ("🎩", True),
        (" ", False),
    ],
)
def test_punctuation_and_space_are_no_words(text, expected):
    assert is_word(Token(text)) is expected


def test_a_special_token_is_no_word_whatever_it_looks_like():
    assert not is_word(Token("hat", special=True))


@st.composite
def results(draw):
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    units = tuple(Token("x", word=i) for i, size in enumerate(sizes) for _ in range(size))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), len(units), len(units))
    raw = draw(arrays.arrays(np.float32, shape, elements=st.floats(0.125, 1, width=32)))
    return result(units, raw / raw.sum(axis=-1, keepdims=True)), sizes


@settings(max_examples=40)
@given(results())
def test_rows_of_words_still_sum_to_one(drawn):
    source, sizes = drawn
    merged = merge_words(source).maps["encoder"].weights
    assert merged.shape[2:] == (len(sizes), len(sizes))
    np.testing.assert_allclose(merged.sum(axis=-1), 1, atol=1e-5)


@settings(max_examples=40)
@given(results())
def test_merging_words_again_changes_nothing(drawn):
    once = merge_words(drawn[0])
    twice = merge_words(once)
    assert once.tokens == twice.tokens
    np.testing.assert_array_equal(once.maps["encoder"].weights, twice.maps["encoder"].weights)


@pytest.mark.parametrize(
    ("written", "text", "begins"),
    [
        ("##ed", "ed", False),
        ("▁the", "the", True),
        ("Ġthe", "the", True),
        ("hat</w>", "hat", None),
        ("hat", "hat", None),
        ("##", "##", None),
        ("▁", "▁", None),
        ("</w>", "</w>", None),
    ],
)
def test_marks_of_tokenizers_are_read(written, text, begins):
    assert read_piece(written) == (text, begins)
