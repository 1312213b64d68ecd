"""Sequences together, over threads and in blocks, give what each gives alone and in one piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.core import attention as attention_module
from attnviz.core import multi_head, threads
from attnviz.core.hooks import AttentionBlock, Ids
from attnviz.core.spec import ModelSpec, Rotary
from tests.core.made import attention, encoder, layer, some, watched
from tests.core.test_transformer import MODELS

DYNAMIC = Rotary(4, kind="dynamic", scaling={"factor": 4.0, "max_position_embeddings": 4})
BATCHES = MODELS | {
    "angles by each sequence's own length": encoder(*[layer(attention(rotary=DYNAMIC))] * 2),
}


def check_alike(spec: ModelSpec, sequences: list[Ids]) -> None:
    """Every map and hidden state of a pack is that of its sequence alone."""
    together, output = watched(spec, sequences)
    for number, sequence in enumerate(sequences):
        alone, expected = watched(spec, [sequence])
        for (kind, index, _), found in alone.maps.items():
            np.testing.assert_allclose(together.map(kind, index, number), found, atol=5e-6)
        for stack in ("encoder", "decoder"):
            for found, hidden in zip(
                getattr(output, stack)[number : number + 1], getattr(expected, stack), strict=True
            ):
                np.testing.assert_allclose(found, hidden, atol=2e-5)


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_gives_what_each_sequence_gives_alone(name: str) -> None:
    spec = BATCHES[name]
    lengths = (5, 1, 9, 9, 9, 4, 4, 4)  # of which those of one length are computed together
    n_targets = (2, 6, 1, 3, 3, 2, 2, 2) if len(spec.stacks) == 2 else (None,) * len(lengths)
    pairs = zip(lengths, n_targets, strict=True)
    check_alike(spec, [some(n, seed, n_target=m) for seed, (n, m) in enumerate(pairs)])


# Norms of twice the weight make numbers of which float32 keeps fewer digits behind the point than
# the bound may ask for; the lengths above are enough for that model.
STEADY = sorted(set(MODELS) - {"norms shifted by one"})


@settings(max_examples=15)
@given(st.lists(st.integers(1, 12) | st.just(7), min_size=1, max_size=6), st.sampled_from(STEADY))
def test_a_batch_may_hold_any_lengths(lengths: list[int], name: str) -> None:
    spec = MODELS[name]
    target = 3 if len(spec.stacks) == 2 else None
    check_alike(spec, [some(n, seed, n_target=target) for seed, n in enumerate(lengths)])


@pytest.mark.parametrize("name", BATCHES)
def test_threads_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = BATCHES[name]
    given = [some(9, n_target=5 if len(spec.stacks) == 2 else None), some(4, 1, n_target=3)]
    monkeypatch.setattr(threads, "available_cores", lambda: 1)
    alone, expected = watched(spec, given)
    monkeypatch.setattr(threads, "WORTH", 1)  # threads even for a handful of rows
    monkeypatch.setattr(attention_module, "WORTH", 1)
    monkeypatch.setattr(threads, "available_cores", lambda: 2)
    shared, output = watched(spec, given)
    assert shared.maps.keys() == alone.maps.keys()
    for key, found in alone.maps.items():
        np.testing.assert_allclose(shared.maps[key], found, atol=5e-6)
    for found, hidden in zip(
        output.encoder + output.decoder, expected.encoder + expected.decoder, strict=True
    ):
        np.testing.assert_allclose(found, hidden, atol=2e-5)


@pytest.mark.parametrize("name", BATCHES)
def test_blocks_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = BATCHES[name]
    given = [some(37, n_target=20 if len(spec.stacks) == 2 else None)]
    whole, expected = watched(spec, given)
    monkeypatch.setattr(attention_module, "CACHED", 0)  # one head group and 16 queries at a time
    monkeypatch.setattr(multi_head, "BLOCK", 4 * 4 * 37 * 18)  # of all heads, 18 or so
    monkeypatch.setattr(multi_head, "ROWS", 1)
    blocks, output = watched(spec, given)
    assert len(blocks.steps) > len(whole.steps)
    for key, found in whole.maps.items():
        np.testing.assert_allclose(blocks.maps[key], found, atol=5e-6)
    for found, hidden in zip(
        output.encoder + output.decoder, expected.encoder + expected.decoder, strict=True
    ):
        np.testing.assert_allclose(found, hidden, atol=2e-5)


def hide_a_key(step: AttentionBlock) -> None:
    step.weights[:, :, step.sequence : step.sequence + 1] = -np.inf


@pytest.mark.parametrize("name", BATCHES)
def test_each_of_those_of_one_length_is_edited_alone(name: str) -> None:
    spec = BATCHES[name]
    given = [some(5, seed, n_target=5 if len(spec.stacks) == 2 else None) for seed in range(3)]
    together, _ = watched(spec, given, edit=hide_a_key)
    for number, one in enumerate(given):

        def hide(step: AttentionBlock, number: int = number) -> None:
            step.weights[:, :, number : number + 1] = -np.inf

        alone, _ = watched(spec, [one], edit=hide)
        for (kind, index, _), found in alone.maps.items():
            np.testing.assert_allclose(together.map(kind, index, number), found, atol=5e-6)


def hide_the_second(step: AttentionBlock) -> None:
    step.weights[:, :, 1:2] = -np.inf


@pytest.mark.parametrize("edit", [None, hide_the_second], ids=["plain", "edited"])
@pytest.mark.parametrize("height", [64, 3])
@pytest.mark.parametrize("name", BATCHES)
def test_heads_apart_are_those_that_are_together(
    name: str, height: int, edit: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = BATCHES[name]
    given = [some(9, n_target=5 if len(spec.stacks) == 2 else None), some(4, 1, n_target=3)]
    whole, expected = watched(spec, given, edit=edit)
    monkeypatch.setattr(multi_head, "BLOCK", 0)
    monkeypatch.setattr(multi_head, "ROWS", height)
    monkeypatch.setattr(threads, "available_cores", lambda: 2)
    apart, output = watched(spec, given, edit=edit, apart=True)
    assert apart.maps.keys() == whole.maps.keys()
    for key, found in whole.maps.items():
        np.testing.assert_allclose(apart.maps[key], found, atol=5e-6)
        for head in range(found.shape[0]):  # each in order, whatever others do
            starts = [step.start for step in apart.of(*key) if step.head == head]
            assert starts == sorted(starts)
    for found, hidden in zip(
        output.encoder + output.decoder, expected.encoder + expected.decoder, strict=True
    ):
        np.testing.assert_allclose(found, hidden, atol=2e-5)
