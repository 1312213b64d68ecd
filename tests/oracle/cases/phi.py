"""Phi, Phi-3 and StableLM: partial rotary positions, query/key layer norms, parallel layers."""

from tests.oracle.cases.case import Family

IDS = [(11 * i) % 38 + 2 for i in range(11)]
INPUTS = [{"token_ids": IDS}]
BOTH = [{"token_ids": IDS[:7]}, {"token_ids": IDS}]

BASE = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 40,
    "max_position_embeddings": 24,
}

phi = Family("phi", "PhiForCausalLM", BASE, inputs=INPUTS, kind="decoder")
phi.vary("old-partial", {"partial_rotary_factor": 0.25})
phi.vary(
    "new-partial",
    {
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.25,
        }
    },
    same_as="old-partial",
)
phi.vary("whole-rotary", {"partial_rotary_factor": 1.0})
phi.vary("query-key-norms", {"qk_layernorm": True})
phi.vary("one-kv-head", {"num_key_value_heads": 1})
phi.vary("relu", {"hidden_act": "relu"})
phi.vary("epsilon", {"layer_norm_eps": 1e-2})
phi.vary("linear", {"rope_scaling": {"type": "linear", "factor": 3.0}})
phi.vary(
    "dynamic",
    {"rope_scaling": {"type": "dynamic", "factor": 3.0}, "max_position_embeddings": 8},
    inputs=BOTH,
)
phi.vary("no-prefix", architecture="PhiModel")

PHI3 = BASE | {"pad_token_id": 0, "eos_token_id": 2, "original_max_position_embeddings": 8}
FACTORS = {
    "short_factor": [1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6],
    "long_factor": [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0],
}
HALVES = {name: factors[:4] for name, factors in FACTORS.items()}

phi3 = Family("phi3", "Phi3ForCausalLM", PHI3, inputs=INPUTS, kind="decoder")
phi3.vary("one-kv-head", {"num_key_value_heads": 1})
phi3.vary("window", {"sliding_window": 4})
phi3.vary("longrope", {"rope_scaling": {"type": "longrope", **FACTORS}}, inputs=BOTH)
phi3.vary(
    "longrope-as-yarn",
    {"rope_scaling": {"type": "yarn", **FACTORS}},
    inputs=BOTH,
    same_as="longrope",
)
phi3.vary(
    "longrope-as-su",
    {"rope_scaling": {"type": "su", **FACTORS}},
    inputs=BOTH,
    same_as="longrope",
    read_as={"rope_scaling": {"type": "longrope", **FACTORS}},
)
phi3.vary(
    "longrope-new",
    {"rope_parameters": {"rope_type": "longrope", "rope_theta": 10000.0, **FACTORS}},
    inputs=BOTH,
    same_as="longrope",
)
phi3.vary(
    "longrope-partial",
    {"partial_rotary_factor": 0.5, "rope_scaling": {"type": "longrope", **HALVES}},
    inputs=BOTH,
)
phi3.vary("partial", {"partial_rotary_factor": 0.5})
phi3.vary("gelu", {"hidden_act": "gelu"})
phi3.vary("tied", {"tie_word_embeddings": True}, same_as="plain")
phi3.vary("no-prefix", architecture="Phi3Model")

STABLELM = BASE | {"num_key_value_heads": 2}
stablelm = Family("stablelm", "StableLmForCausalLM", STABLELM, inputs=INPUTS, kind="decoder")
stablelm.vary("qkv-bias", {"use_qkv_bias": True})
stablelm.vary("query-key-norms", {"qk_layernorm": True})
stablelm.vary("parallel", {"use_parallel_residual": True})
stablelm.vary(
    "parallel-norms",
    {"use_parallel_residual": True, "qk_layernorm": True, "num_key_value_heads": 1},
)
stablelm.vary("one-kv-head", {"num_key_value_heads": 1})
stablelm.vary("half-rotary", {"partial_rotary_factor": 0.5})
stablelm.vary("linear", {"rope_scaling": {"type": "linear", "factor": 3.0}})
stablelm.vary("epsilon", {"layer_norm_eps": 1e-2})
stablelm.vary("no-prefix", architecture="StableLmModel")

FAMILIES = [phi, phi3, stablelm]
