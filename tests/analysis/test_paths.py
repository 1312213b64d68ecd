"""Rollout and flow through all layers, by hand and against a linear program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from attnviz.analysis.paths import MOST_FLOWS, flow, reweighted, take_layers
from attnviz.errors import InputError, TooBig
from attnviz.result import AttentionMap, AttentionResult, Token
from tests.support.results import attention

A = [[[1.0, 0.0], [0.5, 0.5]], [[0.25, 0.75], [1.0, 0.0]]]


def result_of(weights, kind="encoder", **axes):
    tokens = [Token(f"t{i}") for i in range(np.shape(weights)[-1])]
    return AttentionResult(tokens, {kind: AttentionMap(weights, **axes)}, target_tokens=())


def steps_of(n_layers, n, seed=0):
    return attention((n_layers, 1, n, n), seed=seed)[:, 0].astype(np.float64) / 2 + np.eye(n) / 2


def test_rollout_multiplies_layers_with_half_an_identity_each():
    # ½A₀+½I = [[1, 0], [¼, ¾]]; ½A₁+½I = [[⅝, ⅜], [½, ½]]; their product by hand
    found = reweighted(result_of(np.array(A)[:, None]), "rollout").maps["encoder"]
    assert found.weights.shape == (2, 1, 2, 2) and found.heads == (0,)
    np.testing.assert_allclose(found.weights[0, 0], [[1, 0], [0.25, 0.75]])
    np.testing.assert_allclose(
        found.weights[1, 0], [[5 / 8 + 3 / 32, 9 / 32], [1 / 2 + 1 / 8, 3 / 8]]
    )


def test_rollout_takes_the_mean_of_heads_and_rows_sum_to_one():
    raw = attention((4, 3, 6, 6))
    found = reweighted(result_of(raw), "rollout")
    assert found.weighting == "rollout"
    np.testing.assert_allclose(found.maps["encoder"].weights.sum(axis=-1), 1, rtol=1e-5)
    mean = reweighted(result_of(raw.mean(axis=1, keepdims=True)), "rollout")
    np.testing.assert_allclose(
        mean.maps["encoder"].weights, found.maps["encoder"].weights, rtol=1e-5
    )


def test_flow_by_hand():
    # From token 0 of layer 1 to input 0: ⅝ through 0 (edge 1) and min(⅜, ¼) through 1.
    steps = np.array(A) / 2 + np.eye(2) / 2
    found = flow(steps)
    np.testing.assert_allclose(found[0], steps[0], atol=1e-8)
    np.testing.assert_allclose(
        found[1], [[5 / 8 + 1 / 4, 3 / 8], [1 / 2 + 1 / 4, 1 / 2]], atol=1e-8
    )


def most(steps, query, key):
    """The largest flow as a linear program, which knows no algorithm for graphs."""
    n_layers, n, _ = steps.shape
    edges = [
        ((layer + 1, q), (layer, k), steps[layer, q, k])
        for layer in range(n_layers) for q in range(n) for k in range(n)
    ]  # fmt: skip
    source, sink = (n_layers, query), (0, key)
    nodes = {node for one, other, _ in edges for node in (one, other)} - {source, sink}
    kept = [[(e[0] == node) * 1.0 - (e[1] == node) for e in edges] for node in sorted(nodes)]
    gain = [-1.0 * (e[0] == source) for e in edges]
    bounds = [(0, capacity) for *_, capacity in edges]
    return -linprog(gain, A_eq=kept, b_eq=np.zeros(len(kept)), bounds=bounds).fun


@pytest.mark.parametrize("seed", [0, 1])
def test_flow_is_the_optimum_of_a_linear_program(seed):
    steps = steps_of(3, 4, seed)
    found = flow(steps)[-1]
    for query in range(4):
        for key in range(4):
            assert found[query, key] == pytest.approx(most(steps, query, key), abs=1e-6)


def test_no_more_flows_are_begun_than_anybody_waits_for():
    n = int(MOST_FLOWS**0.5) + 1
    with pytest.raises(TooBig, match="give a shorter text, or take rollout"):
        flow(np.zeros((1, n, n)))


@pytest.mark.parametrize("given", [{"layers": (1, 2)}, {"queries": (0, 2), "keys": (0, 1)}])
def test_a_part_of_attention_has_no_paths(given):
    with pytest.raises(InputError, match="go through all layers from 0 on"):
        reweighted(result_of(attention((2, 1, 2, 2)), **given), "rollout")


def test_what_is_no_raw_attention_is_refused():
    raw = result_of(attention((2, 2, 3, 3)))
    rolled = reweighted(raw, "rollout")
    assert reweighted(rolled, "rollout") is rolled and reweighted(raw, "raw") is raw
    with pytest.raises(InputError, match="made of raw weights and these are rollout"):
        reweighted(rolled, "flow")
    with pytest.raises(InputError, match="norm needs the model"):
        reweighted(raw, "norm")


def test_cross_attention_has_no_paths():
    tokens = [Token("a"), Token("b")]
    maps = {kind: AttentionMap(attention((1, 1, 2, 2))) for kind in ("encoder", "cross")}
    both = AttentionResult(tokens, maps, target_tokens=tokens)
    assert list(reweighted(both, "rollout").maps) == ["encoder"]
    alone = AttentionResult(tokens, {"cross": maps["cross"]}, target_tokens=tokens)
    with pytest.raises(InputError, match="cross attention alone has no flow"):
        reweighted(alone, "flow")


def test_layers_are_taken_from_the_whole():
    rolled = reweighted(result_of(attention((3, 2, 4, 4))), "rollout")
    last = take_layers(rolled, [2]).maps["encoder"]
    assert last.layers == (2,)
    np.testing.assert_array_equal(last.weights[0], rolled.maps["encoder"].weights[2])
    assert take_layers(rolled, None) is rolled
