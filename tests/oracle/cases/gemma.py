"""Gemma 1, 2 and 3: norms of weight - 1, soft caps, alternating windows, two rotary bases."""

from tests.oracle.cases.case import Family

IDS = [(11 * i) % 38 + 2 for i in range(11)]
INPUTS = [{"token_ids": IDS}]
TYPES = ["full_attention", "sliding_attention"]

BASE = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "intermediate_size": 40,
    "max_position_embeddings": 24,
}
# Embeddings are multiplied by sqrt(d_model); small ones leave the layers something to say.
GAIN = {"embed_tokens": 0.3, "norm": 0.3}

gemma = Family("gemma", "GemmaForCausalLM", BASE, inputs=INPUTS, kind="decoder", gain=GAIN)
gemma.vary("one-kv-head", {"num_key_value_heads": 1})
gemma.vary("gelu-means-tanh", {"hidden_act": "gelu"}, same_as="plain")
gemma.vary(
    "hub-keys",
    {"hidden_act": "gelu", "hidden_activation": "gelu_pytorch_tanh", "rope_theta": 10000.0},
    same_as="plain",
)
gemma.vary("silu", {"hidden_act": "silu"})
gemma.vary("bias", {"attention_bias": True})
gemma.vary("default-head-size", without=["head_dim"])
gemma.vary("epsilon", {"rms_norm_eps": 1e-2})
gemma.vary("no-prefix", architecture="GemmaModel")
gemma.vary("linear", {"rope_scaling": {"type": "linear", "factor": 3.0}})
gemma.vary("bfloat16", dtype="bfloat16")

GEMMA2 = BASE | {"sliding_window": 4, "query_pre_attn_scalar": 20, "attn_logit_softcapping": 2.0}
gemma2 = Family("gemma2", "Gemma2ForCausalLM", GEMMA2, inputs=INPUTS, kind="decoder", gain=GAIN)
gemma2.vary("default-cap", without=["attn_logit_softcapping"])
gemma2.vary("no-cap", {"attn_logit_softcapping": None, "final_logit_softcapping": None})
gemma2.vary("default-scale", without=["query_pre_attn_scalar"])
gemma2.vary("default-window", without=["sliding_window"])
gemma2.vary("layer-types", {"layer_types": TYPES})
gemma2.vary("tanh", {"hidden_activation": "tanh"})
gemma2.vary("bias", {"attention_bias": True})
gemma2.vary("no-prefix", architecture="Gemma2Model")
gemma2.vary("hub-keys", {"cache_implementation": "hybrid", "hidden_act": "gelu"}, same_as="plain")

GEMMA3 = BASE | {
    "num_hidden_layers": 4,
    "sliding_window": 4,
    "sliding_window_pattern": 2,
    "query_pre_attn_scalar": 20,
}
gemma3 = Family(
    "gemma3_text",
    "Gemma3ForCausalLM",
    GEMMA3,
    inputs=INPUTS,
    kind="decoder",
    gain={"embed_tokens": 0.3, "layernorm": 0.3},
)
gemma3.vary("every-third", {"sliding_window_pattern": 3})
gemma3.vary("every-sixth", {"num_hidden_layers": 7}, without=["sliding_window_pattern"])
gemma3.vary("layer-types", {"layer_types": [*TYPES, *TYPES]})
gemma3.vary("old-bases", {"rope_theta": 500.0, "rope_local_base_freq": 20.0})
gemma3.vary(
    "new-bases",
    {
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 500.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
        },
    },
    same_as="old-bases",
)
gemma3.vary("old-linear", {"rope_scaling": {"rope_type": "linear", "factor": 8.0}})
gemma3.vary(
    "new-linear",
    {
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    },
    same_as="old-linear",
)
# transformers reads this key for Gemma 3, but its attention never uses it.
gemma3.vary("cap-unused", {"attn_logit_softcapping": 2.0}, same_as="plain")
gemma3.vary("both-ways", {"use_bidirectional_attention": True}, kind="encoder")
gemma3.vary("default-scale", without=["query_pre_attn_scalar"])
gemma3.vary("bias", {"attention_bias": True})
gemma3.vary("no-prefix", architecture="Gemma3TextModel")

FAMILIES = [gemma, gemma2, gemma3]
