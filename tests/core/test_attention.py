"""Scaled dot-product attention, each of its parts worked out by hand.

Most cases choose scores that are logarithms of whole numbers: the softmax of ln 1, ln 2, ln 3 is
1/6, 2/6, 3/6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from attnviz.core.attention import Block, Heads, attend, share
from attnviz.core.score_bias import score_bias
from attnviz.core.spec import ALiBi, AttentionSpec, Buckets
from attnviz.core.threads import ALONE
from attnviz.core.weights import AttentionWeights, Linear
from tests.core.made import attention

LN = np.log(np.arange(1, 10, dtype=np.float64))  # LN[0] is ln 1
NO_WEIGHTS = AttentionWeights(Linear(np.zeros((0, 0)), None), Linear(np.zeros((0, 0)), None))


def weigh(
    queries: Any,
    keys: Any,
    values: Any = None,
    spec: AttentionSpec | None = None,
    table: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (head, query, key) and context (head, query, d_head) of unscaled queries."""
    queries, keys = np.float32(queries), np.float32(keys)
    spec = spec or attention(len(queries), queries.shape[2], n_kv_heads=len(keys))
    values = np.zeros((*keys.shape[:2], spec.d_head)) if values is None else values
    heads = Heads(queries * np.float32(spec.scale), keys, np.float32(values))
    n, m = queries.shape[1], keys.shape[1]
    weights = np.full((len(queries), n, m), np.nan, np.float32)
    context = np.full(queries.shape, np.nan, np.float32)
    bias = score_bias(spec, NO_WEIGHTS, heads.queries, heads.keys, table)
    share(attend, Block(heads, spec, bias, slice(0, n), weights, context), ALONE)
    return weights, context


def rows(scores: Any, **options: Any) -> np.ndarray:
    """The weights of one head whose scores (query, key) are given."""
    scores = np.float32(scores)
    spec = attention(1, scores.shape[1], scale=1.0, **options)
    return weigh(scores[None], np.eye(scores.shape[1])[None], spec=spec)[0][0]


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_a_single_query_mixes_the_values_by_the_softmax_of_its_scores() -> None:
    """Scores ln 1, ln 2, ln 3 give 1/6, 2/6, 3/6, and 6/6 + 24/6 + 54/6 = 14."""
    weights, context = weigh(
        [[[1.0]]], [[[LN[0]], [LN[1]], [LN[2]]]], values=[[[6.0], [12.0], [18.0]]]
    )
    close(weights, [[[1 / 6, 2 / 6, 3 / 6]]])
    close(context, [[[14.0]]])


def test_scores_are_divided_by_the_root_of_the_head_size() -> None:
    """(2, 2, 2, 2) · (ln 3, 0, 0, 0) / √4 = ln 3 against 0: weights 3/4 and 1/4."""
    keys = [[[LN[2], 0, 0, 0], [0, 0, 0, 0]]]
    weights, _ = weigh([[[1.0, 2.0, 3.0, 4.0]]], keys)
    close(weights, [[[math.sqrt(3) / (1 + math.sqrt(3)), 1 / (1 + math.sqrt(3))]]])
    weights, _ = weigh([[[2.0, 2.0, 2.0, 2.0]]], keys)
    close(weights, [[[3 / 4, 1 / 4]]])


def test_causal_mask_hides_later_keys() -> None:
    """Each row starts anew: 1; 1/3, 2/3; 1/6, 2/6, 3/6."""
    weights = rows([LN[:3]] * 3, right=0)
    close(weights, [[1, 0, 0], [1 / 3, 2 / 3, 0], [1 / 6, 2 / 6, 3 / 6]])
    assert weights[0, 1] == weights[0, 2] == weights[1, 2] == 0


def test_a_masked_key_gives_nothing_to_the_context() -> None:
    values = [[[3.0, 0.0], [6.0, 0.0]]]
    spec = attention(1, 2, scale=1.0, right=0)
    _, context = weigh([[[1.0, 0], [1.0, 0]]], [[[LN[0], 0], [LN[1], 0]]], values, spec)
    close(context, [[[3.0, 0.0], [5.0, 0.0]]])  # 3; 3 · 1/3 + 6 · 2/3


def test_a_window_shows_as_many_keys_as_it_says_and_the_query_itself() -> None:
    """left=1: two keys a row; ln 2 and ln 3 give 2/5 and 3/5."""
    close(
        rows([LN[:4]] * 4, left=1, right=0),
        [[1, 0, 0, 0], [1 / 3, 2 / 3, 0, 0], [0, 2 / 5, 3 / 5, 0], [0, 0, 3 / 7, 4 / 7]],
    )


def test_a_window_reaches_to_both_sides() -> None:
    close(
        rows(np.zeros((4, 4)), left=2, right=1),
        [[1 / 2, 1 / 2, 0, 0], [1 / 3, 1 / 3, 1 / 3, 0], [1 / 4] * 4, [0, 1 / 3, 1 / 3, 1 / 3]],
    )


def test_a_row_that_may_see_nothing_becomes_zeros() -> None:
    """Strictly earlier keys only: the first query has none."""
    close(rows(np.zeros((3, 3)), right=-1), [[0, 0, 0], [1, 0, 0], [1 / 2, 1 / 2, 0]])


def test_queries_that_all_see_nothing_give_zeros() -> None:
    """Five queries over two keys, none before the query's own place: the last three see nothing."""
    spec = attention(1, 1, left=0)
    weights, context = weigh(np.zeros((1, 5, 1)), np.zeros((1, 2, 1)), np.ones((1, 2, 1)), spec)
    close(weights[0], [[1 / 2, 1 / 2], [0, 1], [0, 0], [0, 0], [0, 0]])
    close(context[0], [[1], [1], [0], [0], [0]])


def test_a_lone_query_that_sees_nothing_gives_zeros() -> None:
    weights, context = weigh([[[1.0]]], [[[1.0]]], [[[1.0]]], attention(1, 1, right=-1))
    assert weights == context == 0


def test_soft_cap_squashes_scores_before_the_softmax() -> None:
    """With a cap of 2, scores 0 and 100 become 0 and 2 tanh 50 = 2."""
    weights = rows([[0.0, 100.0]] * 2, softcap=2.0)
    close(weights[0], [1 / (1 + math.e**2), math.e**2 / (1 + math.e**2)])


def test_soft_cap_comes_before_the_mask() -> None:
    weights = rows([[0.0, 100.0]] * 2, softcap=2.0, right=0)
    assert weights[0].tolist() == [1.0, 0.0]


def test_grouped_query_heads_share_keys_and_values_in_order() -> None:
    """Heads 0 and 1 look with the first key head, 2 and 3 with the second."""
    queries = np.ones((4, 1, 1))
    keys = [[[LN[0]], [LN[2]]], [[LN[3]], [LN[0]]]]
    values = [[[4.0], [8.0]], [[10.0], [20.0]]]
    weights, context = weigh(queries, keys, values)
    close(weights[:, 0], [[1 / 4, 3 / 4]] * 2 + [[4 / 5, 1 / 5]] * 2)
    close(context[:, 0, 0], [7, 7, 12, 12])


def test_one_key_head_may_serve_all() -> None:
    weights, _ = weigh([[[1.0]], [[2.0]]], [[[LN[0]], [LN[1]]]])
    close(weights[:, 0], [[1 / 3, 2 / 3], [1 / 5, 4 / 5]])  # 2 ln 2 is ln 4


def test_alibi_prefers_near_keys_by_a_slope_for_each_head() -> None:
    """Two heads have slopes 2⁻⁴ and 2⁻⁸; equal scores, so weights fall by e^slope a step."""
    spec = attention(2, 1, scale=1.0, right=0, bias=ALiBi())
    weights, _ = weigh(np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), spec=spec)
    for head, slope in enumerate([1 / 16, 1 / 256]):
        steps = np.exp([-2 * slope, -slope, 0])
        close(weights[head, 2], steps / steps.sum())


def test_alibi_may_be_scaled() -> None:
    spec = attention(1, 1, scale=1.0, right=0, bias=ALiBi(factor=256 * LN[1]))  # slope 1/256
    weights, _ = weigh(np.zeros((1, 2, 1)), np.zeros((1, 2, 1)), spec=spec)
    close(weights[0, 1], [1 / 3, 2 / 3])


def test_bucketed_distances_add_a_score_for_each_head() -> None:
    """Four buckets both ways: 0 for itself, 1 for any key before, 3 for any key behind."""
    spec = attention(1, 1, scale=1.0, bias=Buckets(4, 8, bidirectional=True))
    table = LN[[0, 1, 8, 3]][:, None]  # itself 1, before 2, never 9, behind 4
    weights, _ = weigh(np.zeros((1, 3, 1)), np.zeros((1, 3, 1)), spec=spec, table=table)
    close(weights[0], [[1 / 9, 4 / 9, 4 / 9], [2 / 7, 1 / 7, 4 / 7], [2 / 5, 2 / 5, 1 / 5]])


def test_queries_and_keys_may_differ_in_number() -> None:
    """Cross attention: two queries over three keys."""
    weights, context = weigh(
        [[[0.0], [1.0]]], [[[LN[0]], [LN[1]], [LN[2]]]], values=[[[0.0], [3.0], [6.0]]]
    )
    close(weights[0], [[1 / 3, 1 / 3, 1 / 3], [1 / 6, 2 / 6, 3 / 6]])
    close(context[0], [[3.0], [4.0]])


@pytest.mark.parametrize("size", [1e-30, 42.0, 43.0, 59.0, 61.0, 90.0, 1e4, 1e30])
def test_scores_of_any_size_give_weights(size: float) -> None:
    weights = rows(np.float32([[size, -size], [size, size]]))
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    close(weights[1], [0.5, 0.5])


@pytest.mark.parametrize("size", [1.0, 50.0, 70.0, 100.0])
def test_only_the_difference_of_scores_counts_however_large_they_are(size: float) -> None:
    close(rows([[size + LN[2], size]] * 2), [[3 / 4, 1 / 4]] * 2)
    close(rows([[-size - LN[2], -size]] * 2), [[1 / 4, 3 / 4]] * 2)
