"""Llama with every rotary scaling, and Mistral, Qwen2, Qwen3, OLMo 2 and SmolLM3."""

from typing import Any

from tests.oracle.cases.case import Family

IDS = [(11 * i) % 38 + 2 for i in range(11)]
INPUTS = [{"token_ids": IDS}]
BOTH = [{"token_ids": IDS[:7]}, {"token_ids": IDS}]  # on either side of a trained length of 8

BASE = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 40,
    "max_position_embeddings": 24,
}
SHORT = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8]
LONG = [1.0, 1.4, 1.7, 2.1, 2.9, 3.5, 5.0, 7.0]
LLAMA3 = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
YARN = {"factor": 4.0, "original_max_position_embeddings": 16}
LONGROPE = {"short_factor": SHORT, "long_factor": LONG, "factor": 3.0}


def rotary(family: Family, name: str, kind: str, **parameters: Any) -> None:
    """One scaling in the new spelling, and the same in both of the old ones."""
    inputs = BOTH if kind in ("dynamic", "longrope") else INPUTS
    changes = {"max_position_embeddings": 8} if kind == "dynamic" else {}
    new = {"rope_parameters": {"rope_type": kind, "rope_theta": 500.0, **parameters}}
    family.vary(name, changes | new, inputs=inputs)
    for suffix, key in (("old", "rope_type"), ("older", "type")):
        old = {"rope_theta": 500.0, "rope_scaling": {key: kind, **parameters}}
        family.vary(f"{name}-{suffix}", changes | old, inputs=inputs, same_as=name)


llama = Family("llama", "LlamaForCausalLM", BASE, inputs=INPUTS, kind="decoder")
llama.vary("one-kv-head", {"num_key_value_heads": 1})
llama.vary("all-kv-heads", without=["num_key_value_heads"])
llama.vary("head-size", {"head_dim": 12})
llama.vary("attention-bias", {"attention_bias": True})
llama.vary("mlp-bias", {"mlp_bias": True})
llama.vary("gelu", {"hidden_act": "gelu"})
llama.vary("prelu", {"hidden_act": "prelu"}, gain={"act_fn": 0.3})
llama.vary("epsilon", {"rms_norm_eps": 1e-2})
llama.vary("tied", {"tie_word_embeddings": True}, same_as="plain")
llama.vary(
    "head-copied",
    {"tie_word_embeddings": True},
    copies={"lm_head.weight": "model.embed_tokens.weight"},
    same_as="plain",
)
llama.vary("one-token", inputs=[{"token_ids": [5]}, *INPUTS])
llama.vary(
    "default-scaling",
    {"rope_scaling": {"rope_type": "default"}, "rope_theta": 10000.0},
    same_as="plain",
)
llama.vary(
    "hub-keys",
    {
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": [2, 3],
        "head_dim": None,
        "initializer_range": 0.02,
        "pretraining_tp": 1,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "torch_dtype": "bfloat16",
        "use_cache": True,
    },
    same_as="plain",
)
llama.vary("no-prefix", architecture="LlamaModel")
llama.vary("answers", architecture="LlamaForQuestionAnswering")  # with a prefix of its own
llama.vary("classifier", architecture="LlamaForSequenceClassification", same_as="plain")
llama.vary("beyond-positions", {"max_position_embeddings": 8}, same_as="plain")
llama.vary(
    "stale-frequencies",
    stale={f"model.layers.{i}.self_attn.rotary_emb.inv_freq": ("float32", [4]) for i in range(2)},
    same_as="plain",
)
llama.vary("half", dtype="float16")
llama.vary("bfloat16", dtype="bfloat16")
llama.vary("bfloat16-shards", dtype="bfloat16", shards=3, same_as="bfloat16")
llama.vary("old-base", {"rope_theta": 500.0, "rope_scaling": None, "pretraining_tp": 1})
llama.vary(
    "new-base",
    {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}},
    same_as="old-base",
)
WIDE_HEADS = {"num_attention_heads": 2, "num_key_value_heads": 1}  # d_head 16: more to scale
scaled = Family(
    "llama",
    "LlamaForCausalLM",
    BASE | WIDE_HEADS,
    inputs=INPUTS,
    kind="decoder",
    prefix="llama-rotary",
)
rotary(scaled, "linear", "linear", factor=3.0)
rotary(scaled, "dynamic", "dynamic", factor=3.0)
rotary(scaled, "llama3", "llama3", **LLAMA3)
rotary(scaled, "yarn", "yarn", **YARN)
scaled.vary(
    "yarn-length-outside",
    {
        "original_max_position_embeddings": 16,
        "rope_theta": 500.0,
        "rope_scaling": {"rope_type": "yarn", "factor": 4.0},
    },
    same_as="yarn",
)
scaled.vary(
    "yarn-theta-outside",
    {"rope_theta": 500.0, "rope_parameters": {"rope_type": "yarn", **YARN}},
    same_as="yarn",
)
scaled.vary(
    "longrope-no-factor",
    {
        "rope_theta": 500.0,
        "rope_scaling": {
            "rope_type": "longrope",
            "short_factor": SHORT,
            "long_factor": LONG,
            "original_max_position_embeddings": 4,
        },
    },
)
rotary(scaled, "yarn-betas", "yarn", **YARN, beta_fast=8.0, beta_slow=0.5)
rotary(scaled, "yarn-untruncated", "yarn", **YARN, beta_fast=2.0, beta_slow=0.3, truncate=False)
rotary(scaled, "yarn-factor", "yarn", **YARN, attention_factor=0.8)
rotary(scaled, "yarn-mscale", "yarn", **YARN, mscale=1.0, mscale_all_dim=0.5)
rotary(scaled, "yarn-whole-length", "yarn", factor=4.0, beta_fast=2.0, beta_slow=0.1)
rotary(scaled, "longrope", "longrope", **LONGROPE, original_max_position_embeddings=8)
rotary(
    scaled,
    "longrope-factor",
    "longrope",
    **LONGROPE,
    original_max_position_embeddings=8,
    attention_factor=1.3,
)

WINDOWED = {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}
TYPES = ["sliding_attention", "full_attention"]

mistral = Family("mistral", "MistralForCausalLM", BASE, inputs=INPUTS, kind="decoder")
mistral.vary("window", {"sliding_window": 4})
mistral.vary("window-of-length", {"sliding_window": 11}, same_as="plain")
mistral.vary("window-of-two", {"sliding_window": 2})
mistral.vary("no-window", {"sliding_window": None}, same_as="plain")
mistral.vary("head-size", {"head_dim": 12})
mistral.vary("all-kv-heads", {"num_key_value_heads": 4})
mistral.vary("no-prefix", architecture="MistralModel")
rotary(mistral, "yarn", "yarn", **YARN)

qwen2 = Family("qwen2", "Qwen2ForCausalLM", BASE, inputs=INPUTS, kind="decoder")
qwen2.vary("window", WINDOWED)
qwen2.vary("window-everywhere", WINDOWED | {"max_window_layers": 0})
qwen2.vary("window-off", WINDOWED | {"use_sliding_window": False}, same_as="plain")
qwen2.vary("layer-types", WINDOWED | {"layer_types": TYPES})
qwen2.vary("both-ways", {"is_causal": False}, kind="encoder")
qwen2.vary("both-ways-window", WINDOWED | {"is_causal": False}, kind="encoder")
qwen2.vary("tied", {"tie_word_embeddings": True}, same_as="plain")
qwen2.vary("no-prefix", architecture="Qwen2Model")
rotary(qwen2, "yarn", "yarn", **YARN)

QWEN3 = BASE | {"head_dim": 12}
qwen3 = Family("qwen3", "Qwen3ForCausalLM", QWEN3, inputs=INPUTS, kind="decoder")
qwen3.vary("default-head-size", without=["head_dim"])
qwen3.vary("bias", {"attention_bias": True})
qwen3.vary("window", WINDOWED)
qwen3.vary("layer-types", WINDOWED | {"layer_types": TYPES})
qwen3.vary("epsilon", {"rms_norm_eps": 1e-2})
qwen3.vary("no-prefix", architecture="Qwen3Model")
rotary(qwen3, "yarn", "yarn", **YARN)

olmo2 = Family("olmo2", "Olmo2ForCausalLM", BASE, inputs=INPUTS, kind="decoder")
olmo2.vary("all-kv-heads", without=["num_key_value_heads"])
olmo2.vary("bias", {"attention_bias": True})
olmo2.vary("epsilon", {"rms_norm_eps": 1e-2})
olmo2.vary("no-prefix", architecture="Olmo2Model")
rotary(olmo2, "linear", "linear", factor=3.0)

SMOLLM3 = BASE | {
    "num_hidden_layers": 4,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
smollm3 = Family("smollm3", "SmolLM3ForCausalLM", SMOLLM3, inputs=INPUTS, kind="decoder")
smollm3.vary("every-second", {"no_rope_layer_interval": 2})
smollm3.vary("listed", {"no_rope_layers": [0, 1, 1, 0]})
smollm3.vary("window", {"use_sliding_window": True, "sliding_window": 4})
smollm3.vary("window-unused", {"sliding_window": 4}, same_as="plain")
smollm3.vary(
    "layer-types",
    {
        "use_sliding_window": True,
        "sliding_window": 4,
        "layer_types": [*TYPES, *TYPES],
        "no_rope_layers": [1, 1, 1, 1],
    },
)
smollm3.vary(  # a layer's type counts even where use_sliding_window is off
    "layer-types-alone",
    {"sliding_window": 4, "layer_types": [*TYPES, *TYPES]},
)
smollm3.vary("biases", {"attention_bias": True, "mlp_bias": True})
smollm3.vary("no-prefix", architecture="SmolLM3Model")
rotary(smollm3, "yarn", "yarn", **YARN)

FAMILIES = [llama, scaled, mistral, qwen2, qwen3, olmo2, smollm3]
