"""What a run shows, in which order, to whom, and how little it computes otherwise."""

from __future__ import annotations

import re

import numpy as np
import pytest

import attnviz.core.multi_head as module
from attnviz.core import layer as layer_module
from attnviz.core import transformer
from attnviz.core.hooks import Request
from attnviz.core.spec import ModelSpec
from attnviz.core.transformer import run
from attnviz.model.weight_cache import KeptWeights, WeightCache
from tests.core.made import (
    Drawn,
    Seen,
    attention,
    encoder,
    every_layer,
    layer,
    some,
    translator,
    watched,
)

FOUR = encoder(*[layer()] * 4)


def read_layers(weights: Drawn, stack: str = "encoder") -> set[int]:
    """The layers of a stack of which anything was read."""
    found = (re.match(rf"{stack}\.(\d+)\.", name) for name in weights.read)
    return {int(match[1]) for match in found if match}


def show(monkeypatch: pytest.MonkeyPatch, spec: ModelSpec, n_queries: int, n: int) -> Seen:
    """What is shown of n tokens in blocks of so many queries, in a model of two heads."""
    monkeypatch.setattr(module, "BLOCK", n_queries * 4 * 2 * n)
    monkeypatch.setattr(module, "ROWS", 1)
    return watched(spec, [some(n)], hidden=False)[0]


def test_blocks_of_queries_come_in_order_layer_by_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = show(monkeypatch, encoder(), 3, 8)
    assert [(step.layer, step.start, step.stop) for step in seen.steps] == [
        (0, 0, 3),
        (0, 3, 6),
        (0, 6, 8),
        (1, 0, 3),
        (1, 3, 6),
        (1, 6, 8),
    ]
    assert [step.weights.shape for step in seen.steps[:3]] == [(2, 3, 8), (2, 3, 8), (2, 2, 8)]


def test_sequences_of_a_pack_come_in_order_within_each_layer() -> None:
    seen, _ = watched(encoder(), [some(3), some(5), some(2)])
    assert [(s.layer, s.sequence, s.stop) for s in seen.steps] == [
        (0, 0, 3), (0, 1, 5), (0, 2, 2), (1, 0, 3), (1, 1, 5), (1, 2, 2),
    ]  # fmt: skip


def test_a_decoder_looks_at_itself_and_then_across() -> None:
    seen, _ = watched(translator(), [some(4, n_target=3)])
    assert [(step.kind, step.layer) for step in seen.steps] == [
        ("encoder", 0), ("encoder", 1),
        ("decoder", 0), ("cross", 0), ("decoder", 1), ("cross", 1),
    ]  # fmt: skip
    assert seen.map("cross", 1).shape == (2, 3, 4)


@pytest.mark.parametrize("n_queries", [0, 1, 5, 20])
def test_blocks_of_any_size_show_what_one_block_shows(
    monkeypatch: pytest.MonkeyPatch, n_queries: int
) -> None:
    spec = encoder(layer(attention(left=3, right=2)), layer())
    whole, _ = watched(spec, [some(20)], hidden=False)
    seen = show(monkeypatch, spec, n_queries, 20)
    for key, weights in whole.maps.items():
        np.testing.assert_allclose(seen.maps[key], weights, atol=1e-6)


def test_a_step_holds_the_scaled_queries_and_the_keys_that_made_its_weights() -> None:
    (step,) = watched(encoder(layer()), [some(5)])[0].steps
    scores = step.heads.queries @ step.heads.keys.transpose(0, 2, 1)
    powers = np.exp(scores)
    np.testing.assert_allclose(step.weights, powers / powers.sum(axis=2, keepdims=True), atol=1e-6)


def test_weights_written_in_a_place_are_those_a_visitor_copies() -> None:
    spec = translator()
    given = [some(6, n_target=4), some(3, 1, n_target=5), some(3, 2, n_target=5)]
    copies, _ = watched(spec, given, hidden=False)
    places, shown = dict[tuple[str, int, int], np.ndarray](), []

    def place(kind: str, layer: int, sequences: range) -> np.ndarray:
        assert sequences in (range(1), range(1, 3))  # those of one length are computed together
        shape = len(sequences), *copies.map(kind, layer, sequences[0]).shape
        whole = np.full(shape, np.nan, np.float32)
        places.update({(kind, layer, n): whole[at] for at, n in enumerate(sequences)})
        return whole

    run(spec, Drawn(), given, Request(every_layer(spec), shown.append, place=place))
    assert len(shown) == len(places) == len(copies.maps)  # one step for each whole map
    for step in shown:
        assert np.shares_memory(step.weights, places[step.kind, step.layer, step.sequence])
    for key, found in copies.maps.items():
        np.testing.assert_allclose(places[key], found, atol=1e-6)


def test_nothing_is_placed_that_is_not_wanted() -> None:
    asked = []

    def place(kind: str, layer: int, sequences: range) -> np.ndarray:
        asked.append((kind, layer, sequences))
        return np.empty((1, 2, 4, 4), np.float32)

    run(
        FOUR,
        Drawn(),
        [some(4)],
        Request({"encoder": frozenset({2})}, lambda step: None, place=place),
    )
    assert asked == [("encoder", 2, range(1))]


def test_those_of_one_length_are_computed_together_as_far_as_their_scores_fit_in_a_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(transformer, "CACHED", 2 * 4 * 2 * 60**2)  # two of 2 heads in float32

    def place(_kind: str, _layer: int, sequences: range) -> np.ndarray:
        asked.append(sequences)
        n = 60 if sequences.start else 3
        return np.empty((len(sequences), 2, n, n), np.float32)

    one_layer = {"encoder": frozenset({0})}
    given = [some(3), *(some(60, seed) for seed in range(4))]
    run(FOUR, Drawn(), given, Request(one_layer, lambda step: None, place=place))
    assert asked == [range(1), range(1, 3), range(3, 5)]


def test_only_the_layers_that_are_wanted_are_shown() -> None:
    whole, _ = watched(FOUR, [some(5)])
    seen, _ = watched(FOUR, [some(5)], layers={"encoder": {0, 2}}, hidden=False)
    assert set(seen.maps) == {("encoder", 0, 0), ("encoder", 2, 0)}
    for key, found in seen.maps.items():
        np.testing.assert_allclose(found, whole.maps[key], atol=1e-6)


def test_layers_behind_the_last_wanted_are_never_read() -> None:
    weights = Drawn()
    watched(FOUR, [some(5)], weights, layers={"encoder": {1}}, hidden=False)
    assert read_layers(weights) == {0, 1}


def test_nothing_behind_the_last_softmax_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    added = []
    add = layer_module.add_and_norm
    monkeypatch.setattr(
        layer_module, "add_and_norm", lambda *given: (added.append(given[1]), add(*given))[1]
    )
    watched(FOUR, [some(5)], hidden=False)
    assert added == ["attention", "mlp"] * 3


def test_hidden_states_need_every_layer() -> None:
    weights = Drawn()
    _, output = watched(FOUR, [some(5), some(2)], weights, layers={})
    assert read_layers(weights) == {0, 1, 2, 3}
    assert [hidden.shape for hidden in output.encoder] == [(5, 16), (2, 16)]


def test_hidden_states_are_given_only_when_asked_for() -> None:
    _, output = watched(encoder(), [some(5)], hidden=False)
    assert output.encoder == output.decoder == ()


@pytest.mark.parametrize("n", [1, 4])
def test_the_next_run_leaves_the_hidden_states_of_the_last_alone(n: int) -> None:
    _, first = watched(FOUR, [some(n)])
    before = first.encoder[0].copy()
    watched(FOUR, [some(n, seed=1)])
    np.testing.assert_array_equal(first.encoder[0], before)


def test_asked_for_nothing_it_reads_nothing() -> None:
    weights = Drawn()
    watched(FOUR, [some(5)], weights, layers={}, hidden=False)
    assert weights.read == []


def test_a_decoder_that_nobody_wants_is_not_read() -> None:
    weights = Drawn()
    given = [some(5, n_target=2)]
    watched(translator(3, 3), given, weights, layers={"encoder": {0}}, hidden=False)
    assert read_layers(weights) == {0}
    assert not [name for name in weights.read if name.startswith("decoder")]


def test_a_decoder_needs_its_whole_encoder_and_itself_up_to_the_last_wanted() -> None:
    for kind in ("decoder", "cross"):
        weights = Drawn()
        given = [some(5, n_target=2)]
        seen, _ = watched(translator(3, 3), given, weights, layers={kind: {1}}, hidden=False)
        assert set(seen.maps) == {(kind, 1, 0)}
        assert read_layers(weights) == {0, 1, 2}
        assert read_layers(weights, "decoder") == {0, 1}


def test_an_encoder_that_has_run_need_not_run_again() -> None:
    spec, given = (
        translator(),
        [some(5, n_target=3), some(5, 1, n_target=3), some(4, 2, n_target=2)],
    )
    seen, first = watched(spec, given)
    weights = Drawn()
    again, second = watched(spec, given, weights, memory=first.encoder)
    assert not [name for name in weights.read if name.startswith("encoder")]
    for number in range(3):
        np.testing.assert_array_equal(second.decoder[number], first.decoder[number])
        np.testing.assert_array_equal(again.map("cross", 1, number), seen.map("cross", 1, number))


def test_a_cache_spares_the_next_run_what_it_kept() -> None:
    cache = WeightCache(1 << 20)
    _, first = watched(encoder(), [some(5)], KeptWeights(Drawn(), cache))
    weights = Drawn()
    _, second = watched(encoder(), [some(5)], KeptWeights(weights, cache))
    assert read_layers(weights) == set()
    np.testing.assert_array_equal(first.encoder[0], second.encoder[0])
