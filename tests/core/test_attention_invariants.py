"""What holds of attention whatever the sizes, windows, caps and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz.core.attention as module
from attnviz.core import threads
from attnviz.core.attention import Block, Heads, attend, attend_to_scores, score, share
from attnviz.core.score_bias import score_bias
from attnviz.core.spec import ALiBi, AttentionSpec, Buckets
from attnviz.core.threads import ALONE, Sharing
from tests.core.formulas import slopes, softmax, t5_bucket
from tests.core.made import attention
from tests.core.test_attention import NO_WEIGHTS


@dataclass(frozen=True)
class Case:
    """Random queries, keys and values for a random kind of attention."""

    spec: AttentionSpec
    heads: Heads
    table: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Heads, queries, keys."""
        n_heads, n, _ = self.heads.queries.shape
        return n_heads, n, self.heads.keys.shape[1]

    def run(
        self, sharing: Sharing = ALONE, *, scores_first: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weights and context of all queries."""
        weights = np.full(self.shape, np.nan, np.float32)
        context = np.full(self.heads.queries.shape, np.nan, np.float32)
        bias = score_bias(self.spec, NO_WEIGHTS, self.heads.queries, self.heads.keys, self.table)
        rows = slice(0, self.shape[1])
        block = Block(self.heads, self.spec, bias, rows, weights, context)
        with np.errstate(invalid="ignore"):  # as every run is: BLAS may flag what ``out`` held
            if scores_first:
                share(score, block, sharing)
                share(attend_to_scores, block, sharing)
            else:
                share(attend, block, sharing)
        return weights, context

    def sees(self, query: int, key: int) -> bool:
        left, right = self.spec.left, self.spec.right
        near = right is None or key <= query + right
        return near and (left is None or key >= query - left)


def make(
    n_kv: int, group: int, n: int, m: int, d: int, seed: int, **options: Any
) -> tuple[AttentionSpec, Heads, np.ndarray]:
    drawn = np.random.RandomState(seed)
    spec = attention(n_kv * group, d, n_kv_heads=n_kv, scale=1.0, **options)
    queries, keys, values = (
        drawn.normal(size=shape).astype(np.float32)
        for shape in ((n_kv * group, n, d), (n_kv, m, d), (n_kv, m, d))
    )
    table = drawn.normal(size=(8, n_kv * group)).astype(np.float32)
    return spec, Heads(queries, keys, values), table


small, bound = st.integers(1, 3), st.none() | st.integers(0, 5)
biases = st.sampled_from([None, ALiBi(0.7), Buckets(8, 12, True), Buckets(8, 12, False)])


@st.composite
def cases(draw: st.DrawFn, most: int = 12, **fixed: Any) -> Case:
    """Any attention of up to ``most`` tokens; fixed options are not drawn."""
    options = {"left": bound, "right": bound, "softcap": st.none() | st.floats(0.1, 50)}
    options = {name: draw(values) for name, values in (options | {"bias": biases}).items()}
    n, m = draw(st.integers(1, most)), draw(st.integers(1, most))
    sizes = (draw(small), draw(small), n, m, draw(st.integers(1, 5)))
    return Case(*make(*sizes, draw(st.integers(0, 99)), **(options | fixed)))


@given(cases())
def test_every_row_sums_to_one_or_sees_nothing(case: Case) -> None:
    weights, _ = case.run()
    seen = [any(case.sees(q, k) for k in range(case.shape[2])) for q in range(case.shape[1])]
    np.testing.assert_allclose(weights.sum(axis=2), np.float32([seen] * case.shape[0]), atol=1e-6)
    assert (weights >= 0).all()


@given(cases())
def test_what_may_not_be_seen_has_no_weight_at_all(case: Case) -> None:
    weights, _ = case.run()
    for query, key in np.ndindex(case.shape[1:]):
        assert case.sees(query, key) or (weights[:, query, key] == 0).all()


@given(cases())
def test_weights_and_context_are_those_of_the_formula(case: Case) -> None:
    weights, context = case.run()
    spec, (n_heads, n, m) = case.spec, case.shape
    for head, query in np.ndindex(n_heads, n):
        keys = np.float64(case.heads.keys[head // case.heads.group])
        scores = keys @ np.float64(case.heads.queries[head, query])
        for key in range(m):
            match spec.bias:
                case ALiBi(factor):
                    scores[key] += slopes(n_heads)[head] * factor * key
                case Buckets() as buckets:
                    scores[key] += case.table[t5_bucket(key - query, buckets), head]
        if spec.softcap:
            scores = spec.softcap * np.tanh(scores / spec.softcap)
        row = softmax([scores[k] if case.sees(query, k) else -math.inf for k in range(m)])
        np.testing.assert_allclose(weights[head, query], row, atol=2e-6)
        expected = row @ np.float64(case.heads.values[head // case.heads.group])
        np.testing.assert_allclose(context[head, query], expected, atol=1e-5)


@given(cases(left=None, right=None, bias=None), st.randoms(use_true_random=False))
def test_without_positions_the_order_of_keys_does_not_matter(case: Case, random: Any) -> None:
    order = random.sample(range(case.shape[2]), case.shape[2])
    heads = case.heads
    mixed = Heads(heads.queries, heads.keys[:, order], heads.values[:, order])
    weights, context = case.run()
    other_weights, other_context = Case(case.spec, mixed, case.table).run()
    np.testing.assert_allclose(other_weights, weights[:, :, order], atol=1e-6)
    np.testing.assert_allclose(other_context, context, atol=1e-5)


@given(cases(right=0), st.integers(1, 11))
def test_what_a_causal_query_sees_does_not_depend_on_what_comes_later(case: Case, n: int) -> None:
    heads = case.heads
    n = min(n, case.shape[1], case.shape[2])
    cut = Heads(heads.queries[:, :n], heads.keys[:, :n], heads.values[:, :n])
    weights, context = case.run()
    cut_weights, cut_context = Case(case.spec, cut, case.table).run()
    np.testing.assert_allclose(cut_weights, weights[:, :n, :n], atol=1e-6)
    np.testing.assert_allclose(cut_context, context[:, :n], atol=1e-5)


@given(cases())
def test_a_context_lies_between_the_values_it_mixes(case: Case) -> None:
    _, context = case.run()
    values = np.repeat(case.heads.values, case.heads.group, axis=0)
    low = np.minimum(values.min(axis=1, keepdims=True), 0)
    high = np.maximum(values.max(axis=1, keepdims=True), 0)
    assert (context >= low - 1e-5).all()
    assert (context <= high + 1e-5).all()


@given(cases(most=50), st.integers(0, 4000))
def test_blocks_of_any_size_give_what_one_block_gives(case: Case, cached: int) -> None:
    weights, context = case.run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CACHED", cached)
        block_weights, block_context = case.run()
    np.testing.assert_allclose(block_weights, weights, atol=1e-6)
    np.testing.assert_allclose(block_context, context, atol=1e-5)


@pytest.mark.parametrize("size", [30.0, 300.0, -300.0])
def test_scores_too_large_for_exp_give_the_weights_of_the_formula(size: float) -> None:
    spec, heads, _ = make(1, 2, 5, 7, 4, 3, right=1)
    large = Heads(heads.queries * np.float32(size), heads.keys, heads.values)
    weights, context = Case(spec, large, np.empty(0)).run()
    scores = np.float64(large.queries) @ np.float64(large.keys).transpose(0, 2, 1)
    scores[:, np.arange(7) > np.arange(5)[:, None] + 1] = -np.inf
    expected = np.exp(scores - scores.max(axis=2, keepdims=True))
    expected /= expected.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(weights, expected, atol=2e-4)
    np.testing.assert_allclose(context, expected @ np.float64(heads.values), atol=1e-3)


@given(cases(most=50))
def test_looking_at_the_scores_first_changes_nothing(case: Case) -> None:
    weights, context = case.run()
    again_weights, again_context = case.run(scores_first=True)
    np.testing.assert_allclose(again_weights, weights, atol=1e-6)
    np.testing.assert_allclose(again_context, context, atol=1e-5)


def no_thread(process: int) -> NoReturn:
    raise RuntimeError("can't start new thread")


def test_threads_give_the_bits_that_one_thread_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED", 1000)
    monkeypatch.setattr(module, "WORTH", 0)
    case = Case(*make(2, 2, 70, 70, 4, 0, right=0))
    shared = Sharing(3)
    found = case.run(shared)
    monkeypatch.setattr(threads, "_pool", no_thread)  # the same parts, one after the other
    for together, alone in zip(found, case.run(shared), strict=True):
        np.testing.assert_array_equal(together, alone)
