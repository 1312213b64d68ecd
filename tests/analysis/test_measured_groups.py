"""Short texts that are measured together, against each of them alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis import measured_groups
from attnviz.analysis.measured import each_sums, head_sums
from attnviz.analysis.measured_groups import groups
from attnviz.analysis.words import merge_words
from attnviz.result import AttentionMap, AttentionResult, Token
from tests.analysis.results import result, uniform, words

LAYERS, HEADS = 2, 3
UNIT = st.sampled_from(["[CLS]", "[SEP]", "a", "A", "b", "mask", ",", "c+", "+d"])


def made(units):
    """Tokens of a text: in square brackets special ones, ``c+`` or ``+d`` a part of a word."""
    found, word = [], -1
    for unit in units:
        special = unit.startswith("[")
        word += not special and not unit.startswith("+")
        of = None if special else max(word, 0)
        found.append(Token(unit.strip("+"), word=of, special=special, masked=unit == "mask"))
    return tuple(found)


def attended(units, target, kind, weighting, seed):
    """A result with weights as a model has them, which lie as those of several texts in a row."""
    random = np.random.default_rng(seed)
    keys = target if kind == "decoder" else units
    queries = units if kind == "encoder" else target
    weights = random.dirichlet(np.ones(len(keys)), (HEADS, LAYERS, len(queries)))
    if kind == "decoder":
        weights = np.tril(weights)
        weights /= weights.sum(axis=-1, keepdims=True)
    if weighting == "norm":
        weights *= random.integers(0, 3, weights.shape)  # also such rows that sum to 0
    map = AttentionMap(weights.astype(np.float32).swapaxes(0, 1))
    return AttentionResult(made(units), {kind: map}, made(target), weighting=weighting)


@st.composite
def packs(draw):
    """Some results of one kind, and that kind."""
    kind = draw(st.sampled_from(["encoder", "decoder", "cross"]))
    weighting = draw(st.sampled_from(["raw", "norm", "flow"]))
    text = st.lists(UNIT, min_size=1, max_size=9)
    given = draw(st.lists(st.tuples(text, text, st.integers(0, 99)), min_size=1, max_size=7))
    results = [attended(units, target, kind, weighting, seed) for units, target, seed in given]
    return results, kind


def check_alike(found, expected):
    assert (found.n_texts, found.n_queries) == (expected.n_texts, expected.n_queries)
    np.testing.assert_allclose(found.sums, expected.sums, rtol=2e-6, atol=2e-6)


@settings(max_examples=200)
@given(packs(), st.booleans())
def test_each_of_some_texts_adds_what_it_adds_alone(pack, words):
    results, kind = pack
    for found, one in zip(each_sums(results, kind, words=words), results, strict=True):
        check_alike(found, head_sums(merge_words(one) if words else one, kind))


@settings(max_examples=50)
@given(packs(), st.randoms(use_true_random=False))
def test_the_order_of_texts_is_kept_and_does_not_matter_to_them(pack, random):
    results, kind = pack
    order = random.sample(range(len(results)), len(results))
    shuffled = each_sums([results[i] for i in order], kind)
    there = each_sums(results, kind)
    for i, found in zip(order, shuffled, strict=True):
        check_alike(found, there[i])


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_longer_text_beside_it_changes_nothing_of_a_text(kind):
    short, long = words("[CLS]", "a", "b", "a"), words("[CLS]", *"abcdefghabc", "[SEP]")
    alone = result(short, np.tril(uniform(4)), kind)
    check_alike(each_sums([result(long, uniform(13), kind), alone], kind)[1], head_sums(alone))


def test_a_text_of_special_tokens_adds_nothing_beside_others():
    nothing = result(words("[CLS]", "[SEP]"), uniform(2))
    for pack in ([nothing], [nothing, result(words("a", "b"), uniform(2))]):
        found = each_sums(pack, "encoder")[0]
        assert found.n_queries == 0 and not found.sums.any()


def test_what_is_selected_of_a_map_has_its_positions_among_others_too():
    whole = result(words("[CLS]", "a", "b", "a"), uniform(4))
    part = whole.maps["encoder"].select(queries=[3, 1], keys=[1, 2])
    selected = replace(whole, maps={"encoder": part})
    check_alike(each_sums([whole, selected], "encoder")[1], head_sums(selected))


@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(1, 40))
def test_groups_have_every_text_once_and_no_more_weights_than_there_is_room_for(sizes, room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measured_groups, "TOGETHER", 4 * LAYERS * HEADS * room)
        found = list(groups([(LAYERS, HEADS, n, n) for n in sizes]))
    assert sorted(i for group in found for i in group) == list(range(len(sizes)))
    for group in found:
        longest = max(sizes[i] for i in group)
        assert len(group) == 1 or len(group) * longest**2 <= room
    lengths = [sizes[i] for group in found for i in group]
    assert lengths == sorted(lengths)
