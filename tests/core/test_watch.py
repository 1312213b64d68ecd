"""What a run shows of the hidden states inside its layers, and what that costs: nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.core.hooks import LayerState, Request
from attnviz.core.spec import ModelSpec
from attnviz.core.transformer import run
from tests.core.made import Drawn, decoder, encoder, every_layer, layer, some, translator, watched
from tests.core.test_transformer import MODELS

States = dict[tuple[str, str, int, int], np.ndarray]


def states(spec: ModelSpec, *lengths: int) -> States:
    """Every hidden state that is shown, by name, stack, layer and sequence."""
    blocks: dict[tuple[str, str, int, int], list[LayerState]] = {}

    def watch(state: LayerState) -> None:
        key = state.name, state.kind, state.layer, state.sequence
        blocks.setdefault(key, []).append(replace(state, values=state.values.copy()))

    given = [some(n, seed, n_target=4) for seed, n in enumerate(lengths)]
    request = Request(every_layer(spec), lambda block: None, hidden=True, watch=watch)
    run(spec, Drawn(), given, request)
    for shown in blocks.values():
        assert len(shown) == 1  # the whole sequence
    return {key: np.concatenate([s.values for s in shown]) for key, shown in blocks.items()}


def names(found: States, kind: str) -> list[str]:
    """In the order in which they came."""
    return [
        name for name, stack, index, sequence in found if (stack, index, sequence) == (kind, 0, 0)
    ]


def test_each_layer_shows_its_states_in_order() -> None:
    attention = ["attention_input", "attention_output", "attention_sum"]
    mlp = ["mlp_input", "mlp_output", "mlp_sum"]
    assert names(states(encoder(), 5), "encoder") == ["layer_input", *attention, *mlp]
    crossing = ["cross_input", "cross_output", "cross_sum"]
    found = states(translator(), 5)
    assert names(found, "decoder") == ["layer_input", *attention, *crossing, *mlp]


def test_a_layer_begins_where_the_one_before_ended() -> None:
    found = states(encoder(*[layer()] * 3), 5, 9)
    for sequence, n in enumerate((5, 9)):
        for index in range(2):
            ended = found["mlp_sum", "encoder", index, sequence]
            assert ended.shape == (n, 16)
            np.testing.assert_array_equal(
                found["layer_input", "encoder", index + 1, sequence], ended
            )


def test_without_a_norm_behind_it_a_sum_is_input_and_output() -> None:
    found = states(decoder(), 6)
    for index in range(2):
        at = ("decoder", index, 0)
        middle = found["layer_input", *at] + found["attention_output", *at]
        np.testing.assert_allclose(found["attention_sum", *at], middle, atol=1e-6)
        last = middle + found["mlp_output", *at]
        np.testing.assert_allclose(found["mlp_sum", *at], last, atol=1e-6)


def test_a_pre_norm_stands_between_a_layer_and_its_attention() -> None:
    found = states(decoder(), 6)
    before, behind = (found[name, "decoder", 0, 0] for name in ("layer_input", "attention_input"))
    weight = Drawn().get("decoder.0.attention.norm_before.weight", 16)
    bias = Drawn().get("decoder.0.attention.norm_before.bias", 16)
    centred = before - before.mean(axis=1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(behind, normed * weight + bias, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_whoever_watches_changes_no_bit(name: str) -> None:
    spec = MODELS[name]
    given = [some(7, n_target=5 if len(spec.stacks) == 2 else None)]
    _, plain = watched(spec, given)
    request = Request(every_layer(spec), lambda block: None, hidden=True, watch=lambda state: None)
    shown = run(spec, Drawn(), given, request)
    for found, expected in zip(
        shown.encoder + shown.decoder, plain.encoder + plain.decoder, strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_block_shows_the_context_that_its_weights_make() -> None:
    contexts = []

    def visit(block: object) -> None:
        values = block.heads.values  # type: ignore[attr-defined]
        contexts.append((block.context.copy(), block.weights @ values))  # type: ignore[attr-defined]

    run(encoder(), Drawn(), [some(6)], Request(every_layer(encoder()), visit, hidden=True))
    assert len(contexts) == 2
    for found, expected in contexts:
        np.testing.assert_allclose(found, expected, atol=1e-6)
