"""Keys that attnviz cannot honour, and values that make no sense, are refused by their name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from attnviz.core.spec import ModelSpec
from attnviz.errors import AttnvizError, AttnvizWarning, BadCheckpoint, UnsupportedModel
from attnviz.families import FAMILIES, specify
from attnviz.families.unknown import MISSING
from tests.support.references import read, recipe

PLAIN = {model_type: read(f"{model_type}-plain")["recipe"]["config"] for model_type in FAMILIES}


def spec(model_type: str, values: Mapping[str, Any]) -> ModelSpec:
    """The spec of a family's plain config with other values."""
    return specify({**PLAIN[model_type], **values}).spec


def refusal(error: type[AttnvizError], model_type: str, **values: Any) -> str:
    """The sentence with which other values are refused."""
    with pytest.raises(error) as raised:
        spec(model_type, values)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    return str(raised.value)


CANNOT = [
    ("bert", "position_embedding_type", "relative_key"),
    ("electra", "is_decoder", True),
    ("mvp", "use_prompt", True),
    ("deberta", "talking_head", True),
    ("nomic_bert", "prenorm", True),
    ("cohere2", "use_qk_norm", True),
    ("olmoe", "clip_qkv", 8.0),
    ("gpt_oss", "swiglu_alpha", 1.0),
    ("deepseek_v2", "topk_method", "noaux_tc"),
    ("deepseek_v3", "scoring_func", "softmax"),
    ("deepseek_v3", "num_key_value_heads", 2),
    ("bert", "add_cross_attention", True),
    ("bert", "hidden_act", "gelu_but_better"),
    ("bart", "is_encoder_decoder", False),
    ("bart", "normalize_before", True),
    ("bart", "share_encoder_decoder_embeddings", False),
    ("pegasus", "normalize_embedding", True),
    ("t5", "is_decoder", True),
    ("mpnet", "relative_attention_num_buckets", 64),
    ("gpt2", "add_cross_attention", True),
    ("gpt2", "is_causal", False),
    ("falcon", "num_ln_in_parallel_attn", 2),
    ("mistral", "attention_bias", True),
    ("qwen2", "attention_bias", False),
    ("olmo2", "clip_qkv", 8.0),
    ("phi3", "attention_bias", True),
    ("gemma", "use_bidirectional_attention", True),
    ("gemma2", "use_bidirectional_attention", True),
    ("llama", "partial_rotary_factor", 0.5),
    ("stablelm", "head_dim", 8),
    ("modernbert", "head_dim", 8),
    ("deberta-v2", "attention_head_size", 8),
    ("deberta-v2", "conv_act", "prelu"),
    ("qwen2", "layer_types", ["full_attention", "linear_attention"]),
    ("mistral", "layer_types", ["full_attention", "sliding_attention"]),
]


@pytest.mark.parametrize(("model_type", "key", "value"), CANNOT)
def test_a_value_that_cannot_be_honoured_is_named_with_its_key(
    model_type: str, key: str, value: Any
) -> None:
    shown = value[1] if isinstance(value, list) and model_type != "mistral" else value
    said = refusal(UnsupportedModel, model_type, **{key: value})
    assert said.startswith(f"config.json has {key} {str(shown)!r}; {model_type} implements "), said


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("quantization_config", {"quant_method": "gptq", "bits": 4}),
        ("per_layer_config", {"0": {"num_attention_heads": 2}}),
        ("pruned_heads", {"1": [0]}),
    ],
)
def test_no_family_reads_quantised_or_uneven_layers(model_type: str, key: str, value: Any) -> None:
    assert key in refusal(UnsupportedModel, model_type, **{key: value})


PAIR = read("encoder-decoder-plain")["recipe"]["config"]
JOINED = [
    ({"decoder": {"model_type": "t5"}}, "a decoder of model_type 't5'; beside an encoder"),
    ({"decoder": {**PAIR["decoder"], "is_decoder": False}}, "a decoder with is_decoder 'False'"),
    ({"decoder": {**PAIR["decoder"], "add_cross_attention": None}}, "add_cross_attention 'None'"),
    ({"encoder": {**PAIR["encoder"], "add_cross_attention": True}}, "add_cross_attention 'True'"),
    ({"encoder": {"model_type": "made-up"}}, "'made-up'; it implements"),
]


@pytest.mark.parametrize(("values", "said"), JOINED)
def test_two_models_are_joined_as_transformers_joins_them_or_not_at_all(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnsupportedModel, match=re.escape(said)):
        specify({**PAIR, **values})


@pytest.mark.parametrize(
    "values",
    [{"encoder": None}, {"decoder": 7}, {"encoder": {**PAIR["encoder"], "is_decoder": True}}],
)
def test_what_is_joined_is_an_encoder_and_a_decoder(values: dict[str, Any]) -> None:
    with pytest.raises(BadCheckpoint, match=r"config\.json has (encoder|decoder) "):
        specify({**PAIR, **values})


@pytest.mark.parametrize("value", [None, {}, []])
def test_nothing_pruned_and_nothing_quantised_is_no_matter(value: Any) -> None:
    assert spec("bert", {"pruned_heads": value, "quantization_config": value})


ROPE = [
    ({"rope_type": "made-up"}, UnsupportedModel, "rope_scaling type 'made-up'; llama implements"),
    ({"rope_type": ["linear"]}, UnsupportedModel, "rope_scaling type"),
    ({"rope_type": "mrope", "mrope_section": [1]}, UnsupportedModel, "rope_scaling type 'mrope'"),
    ({"rope_type": "linear", "factor": 2, "wind": 3}, UnsupportedModel, "'wind' in its rotary"),
    ({"rope_type": "linear"}, BadCheckpoint, "'None' as factor of its rotary parameters"),
    ({"rope_type": "linear", "factor": "2"}, BadCheckpoint, "'2' as factor"),
    ({"rope_type": "linear", "factor": 0}, BadCheckpoint, "'0' as factor"),
    ({"rope_type": "linear", "factor": float("nan")}, BadCheckpoint, "'nan' as factor"),
    ({"rope_type": "dynamic", "factor": float("inf")}, BadCheckpoint, "'inf' as factor"),
    ({"rope_type": "yarn", "factor": 2, "rope_theta": 1.0}, BadCheckpoint, "no solution"),
    ({"rope_type": "yarn", "factor": -1.0}, BadCheckpoint, "as factor"),
    ({"rope_type": "llama3", "factor": 8.0}, BadCheckpoint, "as low_freq_factor"),
    (
        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 2, "high_freq_factor": 2},
        BadCheckpoint,
        "no solution",
    ),
    ({"rope_type": "longrope", "short_factor": [1.0]}, BadCheckpoint, "a long_factor that is not"),
    (
        {"rope_type": "longrope", "short_factor": [1] * 4, "long_factor": [1, 2, 3, "x"]},
        BadCheckpoint,
        "'x' as long_factor",
    ),
    ("linear", BadCheckpoint, "rope_parameters 'linear' where an object belongs"),
    ({"full_attention": {"rope_theta": 1e4}}, UnsupportedModel, "'full_attention' in its rotary"),
]


@pytest.mark.parametrize(("parameters", "error", "reason"), ROPE)
def test_rotary_parameters_that_make_no_sense_are_refused(
    parameters: Any, error: type[AttnvizError], reason: str
) -> None:
    assert reason in refusal(error, "llama", rope_parameters=parameters)


def test_dynamic_scaling_needs_more_than_one_pair() -> None:
    scaling = {"type": "dynamic", "factor": 2.0}
    assert "no solution" in refusal(BadCheckpoint, "llama", rope_scaling=scaling, head_dim=2)


WRONG = ["12", 12.5, True, -1, 0, 10**12, [4], {"n": 4}, 10**400]


@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize(
    ("model_type", "key"),
    [
        ("bert", "num_hidden_layers"),
        ("bert", "hidden_size"),
        ("bert", "vocab_size"),
        ("llama", "num_key_value_heads"),
        ("gpt2", "n_layer"),
        ("t5", "num_decoder_layers"),
        ("albert", "inner_group_num"),
        ("gpt_neo", "window_size"),
        ("smollm3", "no_rope_layer_interval"),
        ("modernbert", "global_attn_every_n_layers"),
    ],
)
def test_a_size_that_is_none_is_refused_before_anything_is_made(
    model_type: str, key: str, value: Any
) -> None:
    assert f"config.json has {key} " in refusal(BadCheckpoint, model_type, **{key: value})


@pytest.mark.parametrize("value", ["0", True, -1e-5, 0, float("nan"), float("inf"), [], 10**400])
def test_a_number_that_is_none_is_refused(value: Any) -> None:
    assert "layer_norm_eps" in refusal(BadCheckpoint, "bert", layer_norm_eps=value)


@pytest.mark.parametrize(
    ("model_type", "values"),
    [
        ("gpt_neo", {"attention_types": [[["global"], 10**9]], "num_layers": 2}),
        ("gpt_neo", {"attention_types": [[["global"], "x"]]}),
        ("gpt_neo", {"attention_types": [[[["global"]], 2]]}),
        ("gpt_neo", {"attention_types": 7}),
        ("gpt_neo", {"attention_types": None}),
        ("gpt_neo", {"attention_layers": ["global", "nowhere"]}),
        ("gpt_neo", {"attention_layers": ["global"]}),
        ("gpt_neo", {"attention_layers": {"0": "global"}}),
        ("smollm3", {"no_rope_layers": [1, 2, 1, 1]}),
        ("smollm3", {"no_rope_layers": [[], 1, 1, 1]}),
        ("gemma2", {"layer_types": "sliding_attention"}),
        ("gemma2", {"layer_types": ["full_attention"]}),
        ("deberta-v2", {"pos_att_type": [1]}),
        ("deberta-v2", {"conv_kernel_size": 4}),
        ("deberta-v2", {"position_buckets": 1}),
        ("t5", {"feed_forward_proj": "gated-gelu-twice"}),
        ("t5", {"feed_forward_proj": 3}),
        ("gptj", {"rotary_dim": 3}),
        ("gptj", {"rotary_dim": 64}),
        ("gpt_neox", {"rotary_pct": 2.0}),
        ("gemma3_text", {"rope_parameters": {"full_attention": "default"}}),
        ("mixtral", {"num_experts_per_tok": 5}),
        ("qwen2_moe", {"mlp_only_layers": "all"}),
        ("deepseek_v3", {"n_group": 3}),
        ("deepseek_v3", {"n_group": 8}),
    ],
)
def test_lists_and_patterns_that_make_no_sense_are_refused(
    model_type: str, values: dict[str, Any]
) -> None:
    key = next(iter(values))
    with pytest.raises((BadCheckpoint, UnsupportedModel)) as raised:
        spec(model_type, values)
    assert key.removesuffix("_pct") in str(raised.value) or "turn" in str(raised.value)


def test_a_key_that_nobody_knows_is_told_once_and_cannot_speak_to_the_terminal() -> None:
    with pytest.warns(AttnvizWarning) as told:
        spec("bert", {"new_key": 1, "evil\x1b[31m": 2})
    assert len(told) == 1
    said = str(told[0].message)
    assert "'new_key'" in said
    assert "\x1b" not in said


UNKNOWN = [
    ({"model_type": "new_moe", "num_local_experts": 8}, "sends each token to some of many experts"),
    ({"model_type": "other_moe", "num_experts": 60}, "sends each token to some of many experts"),
    ({"model_type": "new_clip", "vision_config": {}}, "works on images"),
    ({"model_type": "whisper", "num_mel_bins": 80}, "works on sound"),
    ({"model_type": "mamba", "state_size": 16}, "without attention"),
    ({"model_type": "qwen3_next", "linear_conv_kernel_dim": 4}, "which have no weights"),
    ({"model_type": "gemma3n_text", "altup_num_inputs": 4}, "several streams of hidden states"),
    ({"model_type": "gemma3n", "vision_config": {}}, "several streams of hidden states"),
    (
        {"model_type": "new_vl", "vision_config": {}, "text_config": {"mamba_d_state": 4}},
        "layers without attention",
    ),
    *[({"model_type": model_type}, f", which {why}") for model_type, why in MISSING.items()],
    ({"model_type": "my-own"}, "it implements albert, apertus, arcee, bart"),
    ({"model_type": "my\x1b[31mown"}, r"'my\\x1b[31mown'"),
    (
        {"model_type": "new_vl", "text_config": {"model_type": "gemma3_text"}},
        "its text model alone, of model_type 'gemma3_text', would be one it knows",
    ),
    ({"model_type": "llava", "text_config": {"model_type": "my-own"}}, "'my-own'; it implements"),
    ({"model_type": "llava"}, "text_config 'None'; llava needs an object there"),
    ({}, "no model_type"),
    ({"model_type": 7}, "no model_type"),
    ({"model_type": ["bert"]}, "no model_type"),
]


@pytest.mark.parametrize(("values", "said"), UNKNOWN)
def test_other_kinds_of_models_are_refused_with_what_they_are(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnsupportedModel, match=re.escape(said).replace(r"\\\\", r"\\")) as raised:
        specify(values)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("name", ["roformer-plain", "nomic_bert-plain", "gte-plain"])
def test_an_odd_number_of_turned_dimensions_is_refused(name: str) -> None:
    config = {**recipe(read(name)).config, "num_attention_heads": 12, "n_head": 12}
    width = {"hidden_size": 36, "n_embd": 36}
    with pytest.raises(BadCheckpoint, match="3 dimensions, which make no pairs"):
        specify(config | width)
