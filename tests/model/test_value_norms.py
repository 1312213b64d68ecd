"""‖α f(x)‖ of every head, by hand and against the model's own outputs."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz import probing
from attnviz.core.attention import Heads
from attnviz.core.hooks import Request
from attnviz.core.transformer import run
from attnviz.errors import InputError
from attnviz.model import idle
from attnviz.model.value_norms import reduced, value_norms

TEXT = "He took the hat and examined it carefully"
TEXTS = (TEXT, "It rained", "The keeper was unbelievably tired")


def test_norms_by_hand():
    # One key head of two values shared by two query heads; the second head's output is turned.
    values = np.array([[[3.0, 4.0], [0.0, 1.0]]], np.float32)
    queries = np.zeros((2, 1, 2), np.float32)
    output = np.array([[1.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 0.0]], np.float32)
    found = value_norms(Heads(queries, values, values), output)
    np.testing.assert_allclose(found, [[5.0, 1.0], [8.0, 2.0]])


@pytest.mark.parametrize(("d_model", "heads", "groups"), [(24, 4, 4), (24, 4, 2), (3, 2, 1)])
def test_norms_are_the_same_behind_a_narrower_projection(d_model, heads, groups):
    random = np.random.default_rng(3)
    values = random.normal(size=(groups, 5, 8)).astype(np.float32)
    output = random.normal(size=(d_model, heads * 8)).astype(np.float32)
    each = Heads(np.zeros((heads, 1, 8), np.float32), values, values)
    narrow = reduced(output, 8)
    assert narrow.shape == (min(d_model, 8), heads * 8)
    np.testing.assert_allclose(value_norms(each, narrow), value_norms(each, output), rtol=1e-5)


def test_a_norm_is_what_a_weight_adds_to_the_output_of_its_layer():
    """Σ over heads and keys of α f(x), plus the bias, is what the layer's attention gave."""
    model = attnviz.load()
    given = model.encode(TEXT)
    seen, outputs = {}, {}

    def visit(block):
        seen[block.layer] = (block.weights.copy(), np.array(block.heads.values))

    def watch(state):
        if state.name == "attention_output":
            outputs[state.layer] = state.values.copy()

    wanted = {"encoder": frozenset(range(6))}
    run(model.spec, model.weights, [given.ids], Request(wanted, visit, hidden=True, watch=watch))
    norms = model.attend(TEXT, weights="norm").maps["encoder"].weights
    raw = model.attend(TEXT).maps["encoder"].weights
    for layer, (weights, values) in seen.items():
        projection = model.attention_weights("encoder", layer).output
        parts = projection.weight.reshape(384, 12, 32)
        moved = np.einsum("hkd,ohd->hko", values, parts)
        added = np.einsum("hqk,hko->qo", weights, moved) + projection.bias
        np.testing.assert_allclose(added, outputs[layer], atol=2e-5)
        expected = raw[layer] * np.linalg.norm(moved, axis=-1)[:, None]
        np.testing.assert_allclose(norms[layer], expected, atol=2e-5)


def test_a_part_of_the_layers_has_the_same_norms():
    model = attnviz.load()
    whole = model.attend(TEXT, weights="norm").maps["encoder"].weights
    some = model.attend(TEXT, weights="norm", layers=[1, 5]).maps["encoder"]
    assert some.layers == (1, 5)
    np.testing.assert_allclose(some.weights, whole[[1, 5]], atol=1e-5)


def test_many_texts_have_the_norms_of_each():
    model = attnviz.load()
    for text, many in zip(
        [TEXT, "It rained"], model.attend_many([TEXT, "It rained"], weights="norm"), strict=True
    ):
        alone = model.attend(text, weights="norm")
        assert many.weighting == "norm"
        np.testing.assert_allclose(
            many.maps["encoder"].weights, alone.maps["encoder"].weights, atol=1e-4
        )


@pytest.mark.parametrize("layers", [None, [3], [0, 5]])
@pytest.mark.parametrize("weights", ["rollout", "flow"])
def test_paths_go_through_layers_that_nobody_wanted(weights, layers):
    result = attnviz.load().attend("It rained", weights=weights, layers=layers)
    map = result.maps["encoder"]
    assert map.layers == tuple(layers or range(6)) and result.weighting == weights
    whole = attnviz.load().attend("It rained", weights=weights).maps["encoder"]
    np.testing.assert_allclose(map.weights, whole.select(layers=map.layers).weights, atol=1e-6)


def test_what_is_no_way_to_weigh_is_refused():
    with pytest.raises(InputError, match="'loud' is no way to weigh; take one of raw, norm"):
        attnviz.load().attend(TEXT, weights="loud")


@pytest.mark.parametrize("together", [1, 12, idle.TOGETHER])
def test_idle_weight_is_what_rests_on_short_values(monkeypatch, together):
    monkeypatch.setattr(idle, "TOGETHER", together)
    model = attnviz.load()
    pack = [model.encode(text) for text in TEXTS]
    kept = idle.PackIdle(model, "encoder", pack)
    seen = kept.of(model.attend_pack(pack, beside=kept.visit))
    found = np.zeros((6, 12))
    n = 0
    for text in TEXTS:
        raw = model.attend(text)
        norm = model.attend(text, weights="norm").maps["encoder"].weights.astype(np.float64)
        weights = raw.maps["encoder"].weights.astype(np.float64)
        longest = (norm / np.maximum(weights, 1e-12)).max(axis=(-2, -1))
        moved = norm.sum(axis=-1) / longest[..., None]
        counts = [not token.special for token in raw.tokens]
        found += (1 - moved[..., counts]).sum(axis=-1)
        n += sum(counts)
    assert sum(count for _, count in seen) == n
    np.testing.assert_allclose(sum(sums for sums, _ in seen), found, atol=1e-3 * n)


def test_heads_measure_norms_as_shares():
    found = probing.heads(attnviz.load(), [TEXT], weights="norm")
    assert "idle" not in found.names
    shares = found.table("special")
    assert ((shares >= 0) & (shares <= 1)).all()
    raw = probing.heads(attnviz.load(), [TEXT]).table("special")
    assert (shares < raw).mean() > 0.9  # special tokens have short values
