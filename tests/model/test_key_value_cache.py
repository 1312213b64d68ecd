"""A decoder that remembers writes what one that reads everything anew writes, and sooner."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.core.hooks import Ids, Request
from attnviz.core.key_value_cache import KeyValueCache
from attnviz.core.spec import (
    ALiBi,
    Buckets,
    Disentangled,
    Experts,
    Latent,
    MLPSpec,
    ModelSpec,
    NormSpec,
    Rotary,
)
from attnviz.core.transformer import run
from attnviz.model.generate import can_remember
from tests.core.made import Drawn, attention, decoder, layer, some, translator

HIDDEN = Request({}, lambda block: None, hidden=True)
DYNAMIC = Rotary(4, kind="dynamic", scaling={"factor": 4.0, "max_position_embeddings": 8})
LONG = {
    "original_max_position_embeddings": 8.0,
    "attention_factor": 1.0,
    "long_factor": (2.0, 2.0),
    "short_factor": (1.0, 1.0),
}


def one(**more: object) -> ModelSpec:
    return decoder(*[layer(attention(right=0, **more), norms=("before",))] * 2)


MIXED = MLPSpec(8, "silu", gated=True, experts=Experts(4, 2, d_shared=6, shared_gate=True))
MODELS = {
    "plain": decoder(),
    "rotary": one(rotary=Rotary(4)),
    "rotary, dynamic within its length": one(rotary=DYNAMIC),
    "alibi": one(bias=ALiBi()),
    "buckets": one(bias=Buckets(4, 6, False)),
    "window": one(left=2),
    "grouped": one(n_heads=6, n_kv_heads=2),
    "sinks": one(sinks=True),
    "normed behind its rotation": one(rotary=Rotary(4), qk_norm=NormSpec("rms"), norm_turned=True),
    "tables of its own": one(bias=Buckets(4, 6, False, own=True)),
    "latent": one(latent=Latent(6, 2, NormSpec("rms"), 5), d_value=3, rotary=Rotary(2)),
    "experts": decoder(*[layer(attention(right=0), mlp=MIXED, norms=("before",))] * 2),
    "encoder and decoder": translator(),
}


def step(spec: ModelSpec, ids: list[int], past: KeyValueCache | None, number: int = 1) -> list:
    """The decoder's hidden states of so many equal sequences."""
    source = some(5).ids
    given = Ids(source, target_ids=np.asarray(ids)) if spec.encoder else Ids(np.asarray(ids))
    return list(run(spec, Drawn(), [given] * number, HIDDEN, past=past).decoder)


@pytest.mark.parametrize("name", MODELS)
def test_tokens_read_one_by_one_have_the_states_of_all_at_once(name: str) -> None:
    spec, ids, past = MODELS[name], [3, 7, 11, 5, 2, 9, 13], KeyValueCache()
    whole = step(spec, ids, None)[0]
    found = [step(spec, ids[:n], past)[0] for n in (3, 4, 5, 7)]
    assert [len(states) for states in found] == [3, 1, 1, 2]
    np.testing.assert_allclose(np.concatenate(found), whole, atol=2e-5)


@pytest.mark.parametrize("name", MODELS)
def test_sequences_that_part_keep_what_they_shared(name: str) -> None:
    spec, past = MODELS[name], KeyValueCache()
    step(spec, [3, 7], past)
    past.select([0, 0])
    source = some(5).ids
    texts = [np.asarray([3, 7, last]) for last in (1, 2)]
    given = [Ids(source, target_ids=ids) if spec.encoder else Ids(ids) for ids in texts]
    found = run(spec, Drawn(), given, HIDDEN, past=past).decoder
    past.select([1, 0])
    again = step(spec, [3, 7, 2, 4], past, 2)
    for states, ids in zip(found, texts, strict=True):
        np.testing.assert_allclose(states[-1], step(spec, ids.tolist(), None)[0][-1], atol=2e-5)
    expected = step(spec, [3, 7, 2, 4], None)[0][-1]
    np.testing.assert_allclose(again[0][-1], expected, atol=2e-5)
    assert not np.allclose(again[1][-1], expected, atol=1e-4)  # it read 1 where this has 2


@pytest.mark.parametrize(
    ("spec", "longest"),
    [
        (one(rotary=DYNAMIC), 8),
        (one(rotary=Rotary(4, kind="longrope", scaling=LONG)), 8),
        (decoder(layer(attention())), 0),
        (one(bias=Disentangled(4, 0, 0, True, True, True)), 0),
        (decoder(), 10**6),
    ],
)
def test_nothing_is_remembered_where_a_token_changes_those_before(
    spec: ModelSpec, longest: int
) -> None:
    assert spec.decoder
    assert can_remember(spec.decoder, longest) == (longest > 0)
    assert can_remember(spec.decoder, longest + 1) == (longest == 10**6)
