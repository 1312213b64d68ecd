"""Measures of heads, against values worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis import measured_groups
from attnviz.analysis.measured import measure
from attnviz.analysis.measures import MEASURES
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, Head
from tests.analysis.results import result, uniform, words

SENTENCE = words("[CLS]", "the", "dog", "The", "[SEP]")
WEIGHTS = [
    [1.0, 0.0, 0.0, 0.0, 0.0],  # [CLS]: a special token's row is not measured
    [0.0, 0.5, 0.5, 0.0, 0.0],
    [0.25, 0.25, 0.25, 0.25, 0.0],
    [0.0, 0.5, 0.0, 0.25, 0.25],
    [0.0, 0.0, 0.0, 0.0, 1.0],  # [SEP]
]


def of(one, kind=None):
    return measure([one], kind).of(Head(0, 0))


def test_entropy_is_the_mean_over_words_in_bits():
    # the: 1 bit; dog: 2 bits; The: 1/2 · 1 + 2 · 1/4 · 2 = 1.5 bits
    assert of(result(SENTENCE, WEIGHTS))["entropy"] == pytest.approx((1 + 2 + 1.5) / 3)


def test_spread_is_entropy_by_that_of_equal_weights():
    assert of(result(SENTENCE, WEIGHTS))["spread"] == pytest.approx(4.5 / (3 * math.log2(5)))
    assert of(result(SENTENCE, uniform(5)))["spread"] == pytest.approx(1)


def test_spread_in_a_decoder_counts_only_what_a_query_sees():
    units = words("a", "b", "c")
    even = np.tril(np.ones((3, 3))) / np.arange(1, 4)[:, None]
    assert of(result(units, even, "decoder"))["spread"] == pytest.approx(1)


def test_the_largest_weight():
    assert of(result(SENTENCE, WEIGHTS))["largest"] == pytest.approx((0.5 + 0.25 + 0.5) / 3)


def test_distance_is_weighted_and_leaves_special_tokens_out():
    # the: 0.5 · 1; dog: 0.25 · (1 + 0 + 1); The: 0.5 · 2; over 1 + 0.75 + 0.75 of weight
    assert of(result(SENTENCE, WEIGHTS))["distance"] == pytest.approx((0.5 + 0.5 + 1) / 2.5)


def test_weight_on_special_tokens_and_on_the_first():
    found = of(result(SENTENCE, WEIGHTS))
    assert found["special"] == pytest.approx((0 + 0.25 + 0.25) / 3)
    assert found["first"] == pytest.approx((0 + 0.25 + 0) / 3)


def test_weight_on_itself_and_its_neighbours():
    found = of(result(SENTENCE, WEIGHTS))
    assert found["self"] == pytest.approx((0.5 + 0.25 + 0.25) / 3)
    assert found["previous"] == pytest.approx((0 + 0.25 + 0) / 3)
    assert found["next"] == pytest.approx((0.5 + 0.25 + 0.25) / 3)


def test_the_same_word_is_one_elsewhere_but_for_case():
    # only "the" and "The" have the same word elsewhere: 0 and 0.5
    assert of(result(SENTENCE, WEIGHTS))["same"] == pytest.approx((0 + 0.5) / 2)


def test_punctuation_is_never_the_same_word():
    units = words("a", ",", "b", ",")
    assert math.isnan(of(result(units, uniform(4)))["same"])


def test_a_decoder_sees_no_next_word_and_the_same_word_only_before():
    units = words("a", "b", "a")
    found = of(result(units, [[1, 0, 0], [0.5, 0.5, 0], [0.5, 0.25, 0.25]], "decoder"))
    assert math.isnan(found["next"])
    assert found["same"] == pytest.approx(0.5)
    assert found["previous"] == pytest.approx((0.5 + 0.25) / 2)


def test_a_query_without_such_a_key_does_not_count():
    assert of(result(words("a", "b"), uniform(2)))["previous"] == pytest.approx(0.5)


def test_positions_mean_nothing_between_two_texts():
    source, target = words("un", "chat"), words("a", "cat")
    both = AttentionResult(
        tokens=source,
        target_tokens=target,
        maps={"cross": AttentionMap(uniform(2)[None, None])},
    )
    found = of(both, "cross")
    assert found["entropy"] == pytest.approx(1)
    assert all(math.isnan(found[name]) for name in ("distance", "self", "previous", "next", "same"))


def test_positions_are_those_of_the_text_in_a_part_of_a_map():
    whole = result(SENTENCE, WEIGHTS)
    part = whole.maps["encoder"].select(queries=[3], keys=[1, 2])
    assert of(replace(whole, maps={"encoder": part}))["previous"] == 0.0
    assert of(replace(whole, maps={"encoder": part}))["distance"] == pytest.approx(2)


def test_several_texts_are_one_mean_over_all_their_words():
    short = result(words("a"), [[1.0]])
    long = result(words("a", "b", "c"), uniform(3))
    found = measure(iter([short, long]))
    assert found.of(Head(0, 0))["largest"] == pytest.approx((1 + 3 / 3) / 4)
    assert (found.n_texts, found.n_queries) == (2, 4)


def test_heads_are_ranked_by_a_measure_under_their_true_names():
    weights = np.stack([uniform(2), np.eye(2, dtype=np.float32)])[None]
    map = AttentionMap(weights, layers=(4,), heads=(1, 7))
    found = measure([AttentionResult(tokens=words("a", "b"), maps={"encoder": map})])
    assert found.ranked("largest") == [Head(4, 7), Head(4, 1)]
    assert found.ranked("special") == [Head(4, 1), Head(4, 7)]  # undefined: in their order
    with pytest.raises(InputError, match="'size' is no measure; there is entropy"):
        found.ranked("size")


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([], "nothing to measure"),
        ([result(words("a"), [[1.0]]), result(words("a"), [[[[1.0]], [[1.0]]]])], "same heads"),
    ],
)
def test_what_cannot_be_measured_is_refused(results, said):
    with pytest.raises(InputError, match=said):
        measure(results)


def test_a_map_that_is_not_there_is_refused_by_name():
    with pytest.raises(InputError, match="no 'cross' map here; there is encoder"):
        measure([result(words("a"), [[1.0]])], "cross")


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_shares_of_weight_lie_between_0_and_1(n, seed):
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.ones(n + 2), size=(2, 3, n + 2))
    units = words("[CLS]", *(str(random.integers(3)) for _ in range(n)), "[SEP]")
    found = measure([result(units, weights)])
    for name, values in zip(found.names, found.values, strict=True):
        if name not in ("entropy", "distance"):
            assert np.isnan(values).all() or ((values >= 0) & (values <= 1 + 1e-6)).all(), name


@given(st.lists(st.sampled_from(["[SEP]", "a", "b", "A"]), min_size=1, max_size=8), st.booleans())
def test_special_tokens_may_stand_anywhere(texts, causal):
    n = len(texts)
    seen = np.tril(np.ones((n, n))) if causal else np.ones((n, n))
    weights = np.random.default_rng(n).random((n, n)) * seen
    weights /= weights.sum(axis=1, keepdims=True)
    found = of(result(words(*texts), weights, "decoder" if causal else "encoder"))
    rows = [row for row in range(n) if texts[row] != "[SEP]"]
    special = np.array([text == "[SEP]" for text in texts])
    behind = [row for row in rows if row > 0]
    same = [
        (row, [k for k in range(row if causal else n) if k != row and like(texts[k], texts[row])])
        for row in rows
    ]
    expected = {
        "entropy": [-(w * np.log2(w)).sum() for row in rows for w in [weights[row][seen[row] > 0]]],
        "largest": [weights[row].max() for row in rows],
        "special": [weights[row, special].sum() for row in rows if special.any()],
        "self": [weights[row, row] for row in rows],
        "previous": [weights[row, row - 1] for row in behind],
        "same": [weights[row, keys].sum() for row, keys in same if keys],
    }
    for name, each in expected.items():
        mean = np.mean(each) if each else math.nan
        assert found[name] == pytest.approx(mean, rel=1e-5, nan_ok=True), name


def like(one, other):
    return one.casefold() == other.casefold()


def test_every_measure_names_its_source():
    assert all(one.title and one.source for one in MEASURES.values())


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_layers_are_measured_the_same_however_many_together(monkeypatch, layers):
    weights = np.random.default_rng(0).dirichlet(np.ones(4), (5, 3, 4)).astype(np.float32)
    one = result(SENTENCE[:4], weights)
    monkeypatch.setattr(measured_groups, "TOGETHER", layers * weights[0].nbytes)
    together = measure([one])
    for layer in range(5):
        alone = result(SENTENCE[:4], weights[layer : layer + 1])
        np.testing.assert_allclose(
            together.values[:, layer], measure([alone]).values[:, 0], rtol=1e-6
        )


@pytest.mark.parametrize("together", [1, 9, 1 << 20])
def test_a_long_text_is_measured_the_same_in_parts(monkeypatch, together):
    """Each part has as many rows as a product sums, or one."""
    weights = np.random.default_rng(1).dirichlet(np.ones(5), (2, 3, 5)).astype(np.float32)
    whole = measure([result(SENTENCE, weights)]).values
    monkeypatch.setattr(measured_groups, "ROWS", together)
    np.testing.assert_allclose(measure([result(SENTENCE, weights)]).values, whole, rtol=1e-6)
