"""A result is data: labelled, read-only, and every row under its true index."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.closeups import PooledResult
from attnviz.errors import InputError, UnknownHead
from attnviz.result import AttentionMap, AttentionResult, Head, Token, span
from tests.support.results import attention, encoder, translator


def some(**axes):
    return AttentionMap(attention((3, 4, 5, 5)), **axes)


@given(st.integers(0, 999), st.integers(0, 999))
def test_a_head_reads_as_it_is_written(layer, head):
    assert Head.parse(str(Head(layer, head))) == Head(layer, head)


@pytest.mark.parametrize("text", ["", "3", "3.", ".1", "3.1.2", "-1.0", "3,1", "٣.١", "a.b"])
def test_anything_else_is_no_head(text):
    with pytest.raises(InputError, match=r"is not a head; write layer\.head, counted from zero"):
        Head.parse(text)


def test_weights_are_float32_and_cannot_be_written():
    given = np.full((1, 1, 2, 2), 0.5)
    map = AttentionMap(given)
    assert map.weights.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        map.weights[0, 0, 0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        map.layers = (7,)
    given[0, 0, 0, 0] = 1  # its owner still may


def test_axes_count_from_zero_unless_they_are_named():
    assert some().queries == (0, 1, 2, 3, 4)
    assert some(layers=(7, 9, 11)).layers == (7, 9, 11)
    with pytest.raises(InputError, match="the map has 3 layers but 2 indices for them"):
        some(layers=(7, 9))


def test_a_head_is_found_by_its_true_indices():
    map = some(layers=(7, 9, 11), heads=(0, 2, 4, 6))
    np.testing.assert_array_equal(map.head(Head(9, 4)), map.weights[1, 2])
    assert map.all_heads()[5] == Head(9, 2)
    with pytest.raises(UnknownHead, match=r"no head 1\.1; the map has layers 7, 9, 11 and heads"):
        map.head(Head(1, 1))


@given(st.data())
def test_a_selection_of_a_selection_keeps_true_indices_and_weights(data):
    map, part = some(), some()
    for _ in range(2):
        for axis in ("layers", "heads", "queries", "keys"):
            there = getattr(part, axis)
            chosen = data.draw(st.lists(st.sampled_from(there), min_size=1, unique=True))
            part = part.select(**{axis: chosen})
            assert getattr(part, axis) == tuple(chosen)
    indices = np.ix_(part.layers, part.heads, part.queries, part.keys)
    np.testing.assert_array_equal(part.weights, map.weights[indices])


def test_what_is_not_there_cannot_be_selected():
    with pytest.raises(UnknownHead, match="there is no layer 5; the map has 0 to 2"):
        some().select(layers=[0, 5])


def test_maps_know_the_tokens_that_they_count():
    result = translator()
    source, target = result.tokens, result.target_tokens
    assert result.maps["encoder"].axes == (source, source)
    assert result.maps["decoder"].axes == (target, target)
    assert result.maps["cross"].axes == (target, source)
    assert result.maps["cross"].select(keys=[2]).axes == (target, source)


def test_a_result_labels_the_rows_that_are_left():
    result = encoder("he took a hat")
    part = replace(result, maps={"encoder": result.maps["encoder"].select(queries=[4, 1])})
    assert [token.text for token in part.query_tokens("encoder")] == ["hat", "he"]
    assert part.key_tokens("encoder") == tuple(result.tokens)


@pytest.mark.parametrize(
    ("indices", "said"),
    [((), "none"), ((3,), "3"), ((0, 1), "0, 1"), ((0, 1, 2), "0 to 2"), ((0, 2, 5), "0, 2, 5")],
)
def test_indices_are_said_as_a_reader_writes_them(indices, said):
    assert span(indices) == said


def test_a_result_in_a_console_is_one_line():
    assert repr(some()) == "<AttentionMap: 3 layers × 4 heads, 5 queries × 5 keys>"
    assert repr(encoder("he took a hat")) == "<AttentionResult of 'small': 6 tokens, encoder 2 × 3>"
    assert repr(translator()) == (
        "<AttentionResult of 'translator': 6 + 8 tokens, encoder 2 × 2, decoder 2 × 2, cross 2 × 2>"
    )
    blocks = PooledResult(**{f.name: getattr(encoder(), f.name) for f in fields(AttentionResult)})
    assert repr(blocks) == "<PooledResult of 'small': 8 tokens, encoder 2 × 3>"
    hostile = AttentionResult((Token("\x1b[2J"),), {}, model=replace(encoder().model, name="\x1b"))
    assert repr(hostile) == "<AttentionResult of '\\x1b': 1 token>"


# several heads


@pytest.mark.parametrize(
    "given", ["3.1,2.4", ["3.1", (2, 4)], (Head(3, 1), "2.4"), " 3.1 , 2.4 ", ((3, 1), (2, 4))]
)
def test_several_heads_are_named_as_anybody_names_them(given):
    assert Head.several(given) == (Head(3, 1), Head(2, 4))


@pytest.mark.parametrize("given", ["3.1", (3, 1), [3, 1], Head(3, 1), [(3, 1)], ["3.1"]])
def test_one_head_is_a_list_of_one(given):
    assert Head.several(given) == (Head(3, 1),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "'' names no head"),
        ([], "names no head; write one or more, as 3.1,2.4"),
        ("3.1,2.4,3.1", "3.1 is named twice; name each head once"),
        ("3.1,hat", "'hat' is not a head"),
        ([3, 1, 2], "is not a head"),
        (3, "is not a head"),
        ((3.7, 1), "is not a head"),
        ((True, 1), "is not a head"),
        ([("3", "1")], "is not a head"),
    ],
)
def test_what_names_no_heads_is_refused(given, said):
    with pytest.raises(InputError, match=said):
        Head.several(given)


@given(st.lists(st.sampled_from(some().all_heads()), min_size=1, unique=True), st.data())
def test_picked_heads_are_exactly_those_in_their_order_and_may_be_picked_again(heads, data):
    map = some()
    picked = map.pick(heads)
    assert picked.all_heads() == heads
    assert picked.weights.shape[0] * picked.weights.shape[1] == len(heads)
    again = picked.pick(data.draw(st.permutations(heads))[:2])
    for head in again.all_heads():
        np.testing.assert_array_equal(picked.head(head), map.head(head))
        np.testing.assert_array_equal(again.head(head), map.head(head))


def test_picked_heads_that_make_a_block_are_an_ordinary_map():
    assert some().pick([Head(1, 0), Head(1, 3)]).heads == (0, 3)
    assert some().pick([Head(0, 2), Head(2, 2)]).layers == (0, 2)
    assert not some().pick([Head(0, 2), Head(2, 2)]).picked


def test_of_picked_heads_layers_and_single_ones_are_found():
    picked = some().pick([Head(2, 1), Head(0, 3), Head(2, 0)])
    assert repr(picked) == "<AttentionMap: 3 picked heads, 5 queries × 5 keys>"
    assert picked.select(layers=[2]).all_heads() == [Head(2, 1), Head(2, 0)]
    assert picked.select(queries=[4]).queries == (4,)
    with pytest.raises(UnknownHead, match=r"no head 1\.1; the map has 2\.1, 0\.3, 2\.0"):
        picked.head(Head(1, 1))
    with pytest.raises(UnknownHead, match=r"none of these heads is in the map; it has 2\.1"):
        picked.select(layers=[1])
    with pytest.raises(InputError, match="2 picked heads need weights"):
        some(picked=(Head(0, 0), Head(1, 1)))
