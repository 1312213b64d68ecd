"""Whole layers against a transformer written out slowly in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz.core.spec import (
    ALiBi,
    Buckets,
    Convolution,
    Disentangled,
    EmbeddingSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    Rotary,
)
from tests.core.made import (
    D_MODEL,
    VOCABULARY,
    Drawn,
    attention,
    decoder,
    encoder,
    ids,
    layer,
    some,
    translator,
    watched,
)
from tests.core.slow import run_model

RMS = NormSpec("rms", 1e-6)
SHIFTED = NormSpec("rms", 1e-6, shift=1.0)
GROUPED = {"n_heads": 6, "n_kv_heads": 2}
NO_POSITIONS = EmbeddingSpec(VOCABULARY, D_MODEL)
RELATIVE = {"span": 6, "n_buckets": 6, "max_distance": 8, "shared": True}


def both_ways(**more: Any) -> ModelSpec:
    """Two encoder layers with this attention."""
    return encoder(*[layer(attention(**more))] * 2)


def forward(**more: Any) -> ModelSpec:
    """Two layers of a causal decoder as given, pre-norm unless said otherwise."""
    given = {"norms": ("before",)} | more
    self_attention = given.pop("attention", attention(right=0))
    return decoder(*[layer(self_attention, **given)] * 2)


MODELS = {
    "post-norm": encoder(),
    "pre-norm": forward(),
    "pre-norm and a final norm": decoder(norm=NormSpec()),
    "norms before and inside": forward(norms=("before", "inside"), norm=RMS),
    "norms inside alone": forward(norms=("inside",), norm=RMS),
    "norms shifted by one": decoder(
        *[layer(attention(right=0), norms=("before",), norm=SHIFTED)] * 2, norm=SHIFTED
    ),
    "parallel, one norm": forward(parallel=True, mlp_norm=False),
    "parallel, two norms": forward(parallel=True),
    "residual after the norm": forward(residual_after_norm=True),
    "no norm before attention": encoder(layer(norms=("before",), attention_norm=False), layer()),
    "gated": forward(mlp=MLPSpec(20, "silu", gated=True), norm=RMS),
    "one query head for each key head": both_ways(n_heads=4),
    "three query heads for a key head": both_ways(**GROUPED),
    "one key head": both_ways(n_heads=4, n_kv_heads=1),
    "heads wider than the model": both_ways(n_heads=3, d_head=8),
    "unscaled": both_ways(scale=1.0),
    "window to the left": forward(attention=attention(left=2, right=0)),
    "window to both sides": both_ways(left=2, right=1),
    "soft cap": both_ways(softcap=0.5),
    "alibi": forward(attention=attention(n_heads=3, right=0, bias=ALiBi(0.5))),
    "rotary halves": both_ways(rotary=Rotary(4)),
    "rotary interleaved": both_ways(rotary=Rotary(4, interleaved=True)),
    "rotary on a part": both_ways(d_head=6, rotary=Rotary(4, theta=100.0), **GROUPED),
    "query and key norms": both_ways(qk_norm=RMS, rotary=Rotary(4), **GROUPED),
    "t5 both ways": both_ways(bias=Buckets(8, 6, True), scale=1.0),
    "t5 forward": forward(attention=attention(bias=Buckets(4, 6, False), right=0)),
    "deberta": both_ways(bias=Disentangled(c2p=True, p2c=True, **RELATIVE), scale=0.3),
    "deberta, contents to positions": both_ways(bias=Disentangled(c2p=True, p2c=False, **RELATIVE)),
    "deberta, positions to contents": both_ways(bias=Disentangled(c2p=False, p2c=True, **RELATIVE)),
    "convolution": encoder(convolution=Convolution(3, 2, "tanh")),
    "wide convolution": encoder(convolution=Convolution(5, 1, "gelu")),
    "projected out": decoder(norm=NormSpec(), project_out=10),
    "without positions": encoder(embedding=NO_POSITIONS),
    "layers that differ": encoder(
        layer(attention(left=1, right=1)), layer(attention(n_heads=4)), layer(attention(d_head=6))
    ),
    "encoder and decoder": translator(),
    "a short encoder and a long decoder": translator(1, 3),
}


@pytest.mark.parametrize("name", MODELS)
def test_maps_and_hidden_states_are_those_of_the_slow_transformer(name: str) -> None:
    spec, weights = MODELS[name], Drawn()
    given = some(9, n_target=7 if len(spec.stacks) == 2 else None)
    seen, output = watched(spec, [given], weights)
    maps, hidden = run_model(spec.encoder, spec.decoder, weights, given)
    assert {key[:2] for key in seen.maps} == set(maps)
    for (kind, index), expected in maps.items():
        np.testing.assert_allclose(seen.map(kind, index), expected, rtol=0, atol=5e-6)
    (found,) = output.decoder or output.encoder
    np.testing.assert_allclose(found, hidden, rtol=0, atol=2e-5)


def test_biases_may_be_missing() -> None:
    weights = Drawn(absent=r"(query|key|value|output|up|down)\.bias")
    seen, output = watched(encoder(), [some(5)], weights)
    maps, hidden = run_model(encoder().encoder, None, weights, some(5))
    np.testing.assert_allclose(seen.map("encoder", 1), maps["encoder", 1], rtol=0, atol=5e-6)
    np.testing.assert_allclose(output.encoder[0], hidden, rtol=0, atol=2e-5)


def test_a_bias_on_the_queries_alone_is_no_bias_on_the_keys() -> None:
    weights = Drawn(absent=r"(key|value)\.bias")
    _, output = watched(encoder(), [some(5)], weights)
    _, hidden = run_model(encoder().encoder, None, weights, some(5))
    np.testing.assert_allclose(output.encoder[0], hidden, rtol=0, atol=2e-5)


def test_one_token_attends_to_itself_alone() -> None:
    seen, _ = watched(encoder(), [ids(7)])
    np.testing.assert_array_equal(seen.map("encoder", 1), np.ones((2, 1, 1)))
