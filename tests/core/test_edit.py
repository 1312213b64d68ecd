"""An edit sees the scores before the softmax and may change them: what if?"""

from __future__ import annotations

import numpy as np
import pytest

import attnviz.core.multi_head as module
from attnviz.core.hooks import AttentionBlock
from tests.core.made import Drawn, attention, decoder, encoder, layer, some, translator, watched

GIVEN = [some(6)]


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(np.float64(scores))
    return powers / powers.sum(axis=-1, keepdims=True)


def untouched(_: AttentionBlock) -> None:
    """An edit that changes nothing."""


def test_an_edit_sees_the_scores_before_the_softmax() -> None:
    scores = {}
    watched(encoder(), GIVEN, edit=lambda step: scores.update({step.layer: step.weights.copy()}))
    plain, _ = watched(encoder(), GIVEN)
    assert set(scores) == {0, 1}
    for index, found in scores.items():
        np.testing.assert_allclose(softmax(found), plain.map("encoder", index), atol=1e-6)


def test_what_may_not_be_seen_is_minus_infinity_to_an_edit() -> None:
    scores = []
    watched(decoder(), GIVEN, edit=lambda step: scores.append(step.weights.copy()))
    hidden = np.triu(np.ones((6, 6), bool), 1)
    assert (scores[0][:, hidden] == -np.inf).all()
    assert np.isfinite(scores[0][:, ~hidden]).all()


def test_an_edit_that_changes_nothing_changes_nothing() -> None:
    spec = encoder(layer(attention(left=2, right=1)), layer(attention(left=0, right=3)))
    plain, before = watched(spec, GIVEN)
    edited, after = watched(spec, GIVEN, edit=lambda step: None)
    np.testing.assert_allclose(after.encoder[0], before.encoder[0], atol=1e-5)
    for key, found in edited.maps.items():
        np.testing.assert_allclose(found, plain.maps[key], atol=1e-6)


def test_a_cut_link_leaves_its_weight_to_the_other_keys() -> None:
    def cut(step: AttentionBlock) -> None:
        if step.layer == 1:
            step.weights[0, 2, 4] = -np.inf

    plain = watched(encoder(), GIVEN, edit=untouched)[0].map("encoder", 1)
    edited = watched(encoder(), GIVEN, edit=cut)[0].map("encoder", 1)
    rest = plain[0, 2] / (1 - plain[0, 2, 4])
    rest[4] = 0
    np.testing.assert_allclose(edited[0, 2], rest, atol=1e-6)
    plain[0, 2] = edited[0, 2]
    np.testing.assert_array_equal(edited, plain)


def test_a_silenced_head_is_a_head_whose_output_projection_is_nothing() -> None:
    def silence(step: AttentionBlock) -> None:
        if step.layer == 0:
            step.weights[1] = -np.inf

    seen, output = watched(encoder(), GIVEN, edit=silence)
    assert (seen.map("encoder", 0)[1] == 0).all()
    name = "encoder.0.attention.output.weight"
    projection = Drawn().get(name, 16, 8)
    projection[:, 4:] = 0  # what head 1 of d_head 4 feeds
    _, without = watched(encoder(), GIVEN, Drawn({name: projection}))
    np.testing.assert_allclose(output.encoder[0], without.encoder[0], atol=1e-5)


def test_an_edit_reaches_the_layers_behind_it() -> None:
    def flatten(step: AttentionBlock) -> None:
        if step.layer == 0:
            step.weights[...] = 0

    plain, _ = watched(encoder(), GIVEN)
    edited, _ = watched(encoder(), GIVEN, edit=flatten)
    np.testing.assert_allclose(edited.map("encoder", 0), 1 / 6, atol=1e-6)
    assert np.abs(edited.map("encoder", 1) - plain.map("encoder", 1)).max() > 0.01


def test_an_edit_sees_layers_that_nobody_is_shown() -> None:
    layers = []
    watched(encoder(), GIVEN, layers={"encoder": {1}}, edit=lambda step: layers.append(step.layer))
    assert layers == [0, 1]


@pytest.mark.parametrize("block", [1 << 25, 0])
def test_an_edit_may_open_a_link_that_the_mask_hides(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """A causal layer whose scores are all set to 0 is a layer that sees everything alike."""
    monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(module, "ROWS", 1)

    def flatten(step: AttentionBlock) -> None:
        step.weights[...] = 0

    uniform = layer(attention(right=0, scale=0.0)), layer(attention(scale=0.0))
    causal, output = watched(encoder(uniform[0]), GIVEN, edit=flatten)
    _, expected = watched(encoder(uniform[1]), GIVEN)
    np.testing.assert_allclose(causal.map("encoder", 0), 1 / 6, atol=1e-6)
    np.testing.assert_allclose(output.encoder[0], expected.encoder[0], atol=1e-5)


def test_cross_attention_can_be_edited_too() -> None:
    def only_the_first(step: AttentionBlock) -> None:
        if step.kind == "cross":
            step.weights[:, :, 1:] = -np.inf

    given = [some(5, n_target=3)]
    seen, _ = watched(translator(), given, edit=only_the_first)
    np.testing.assert_array_equal(seen.map("cross", 0)[..., 0], np.ones((2, 3)))
    assert seen.map("encoder", 0)[..., 1:].min() > 0
