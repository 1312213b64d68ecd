"""Mixtures of experts: their routers, their layers, and every way they are stored."""

from tests.oracle.cases.case import Family
from tests.oracle.cases.llama import BASE, IDS, INPUTS, TYPES, YARN, rotary

SMALL = BASE | {"intermediate_size": 24, "pad_token_id": 0}

mixtral = Family(
    "mixtral", "MixtralForCausalLM", SMALL | {"num_local_experts": 4}, inputs=INPUTS, kind="decoder"
)
mixtral.vary("window", {"sliding_window": 4})
mixtral.vary("one-expert-a-token", {"num_experts_per_tok": 1})
mixtral.vary("all-experts", {"num_experts_per_tok": 4})
mixtral.vary("head-size", {"head_dim": 12})
mixtral.vary("one-token", inputs=[{"token_ids": IDS[:1]}, *INPUTS])

QWEN = SMALL | {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 20,
}
WINDOWED = {"use_sliding_window": True, "sliding_window": 4}
qwen2_moe = Family("qwen2_moe", "Qwen2MoeForCausalLM", QWEN, inputs=INPUTS, kind="decoder")
qwen2_moe.vary("normed", {"norm_topk_prob": True})
qwen2_moe.vary("every-second", {"decoder_sparse_step": 2})
qwen2_moe.vary("dense-first", {"mlp_only_layers": [0]}, same_as="every-second")
qwen2_moe.vary("no-bias", {"qkv_bias": False})
qwen2_moe.vary("window", WINDOWED)
qwen2_moe.vary("few-windows", WINDOWED | {"max_window_layers": 0}, same_as="plain")

QWEN3 = {key: value for key, value in QWEN.items() if "shared" not in key}
qwen3_moe = Family("qwen3_moe", "Qwen3MoeForCausalLM", QWEN3, inputs=INPUTS, kind="decoder")
qwen3_moe.vary("normed", {"norm_topk_prob": True})
qwen3_moe.vary("every-second", {"decoder_sparse_step": 2})
qwen3_moe.vary("bias", {"attention_bias": True})
qwen3_moe.vary("head-size", {"head_dim": 12})
qwen3_moe.vary("window", WINDOWED)

OLMOE = SMALL | {"num_experts": 4, "num_experts_per_tok": 2}
olmoe = Family("olmoe", "OlmoeForCausalLM", OLMOE, inputs=INPUTS, kind="decoder")
olmoe.vary("normed", {"norm_topk_prob": True})
olmoe.vary("bias", {"attention_bias": True})

FACTORS = {"attention_multiplier": 0.3, "embedding_multiplier": 2.0, "residual_multiplier": 0.4}
GRANITE = SMALL | FACTORS | {"num_local_experts": 4}
granitemoe = Family("granitemoe", "GraniteMoeForCausalLM", GRANITE, inputs=INPUTS, kind="decoder")
granitemoe.vary("no-factors", without=list(FACTORS))
granitemoe.vary("one-expert-a-token", {"num_experts_per_tok": 1})
granitemoe.vary("bias", {"attention_bias": True})

OSS = SMALL | {"num_local_experts": 4, "num_experts_per_tok": 2, "head_dim": 8, "sliding_window": 4}
gpt_oss = Family("gpt_oss", "GptOssForCausalLM", OSS, inputs=INPUTS, kind="decoder")
gpt_oss.vary("limit", {"swiglu_limit": 0.5})
gpt_oss.vary("no-bias", {"attention_bias": False})
gpt_oss.vary("layer-types", {"layer_types": TYPES[::-1]})
gpt_oss.vary("plain-positions", {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}})
gpt_oss.vary("large-sinks", constants={"sinks": 3.0})

DEEPSEEK = SMALL | {
    "num_key_value_heads": 4,
    "moe_intermediate_size": 16,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "first_k_dense_replace": 1,
    "kv_lora_rank": 12,
    "q_lora_rank": 14,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 6,
    "v_head_dim": 5,
}
GROUPS = {"n_group": 4, "topk_group": 2}
v3 = Family(
    "deepseek_v3", "DeepseekV3ForCausalLM", DEEPSEEK | GROUPS, inputs=INPUTS, kind="decoder"
)
v3.vary("no-groups", {"n_group": 1, "topk_group": 1})
v3.vary("straight-queries", {"q_lora_rank": None})
v3.vary("halves", {"rope_interleave": False})
v3.vary("not-normed", {"norm_topk_prob": False, "routed_scaling_factor": 1.0})
v3.vary("all-sparse", {"first_k_dense_replace": 0})
v3.vary("two-shared", {"n_shared_experts": 2})
v3.vary("bias", {"attention_bias": True})
rotary(v3, "yarn", "yarn", **YARN, mscale=1.0, mscale_all_dim=1.0)

TWO = {**DEEPSEEK, "n_shared_experts": 1, "routed_scaling_factor": 1.5}
v2 = Family("deepseek_v2", "DeepseekV2ForCausalLM", TWO, inputs=INPUTS, kind="decoder")
v2.vary("groups", {"n_group": 4, "topk_group": 1, "topk_method": "group_limited_greedy"})
v2.vary("straight-queries", {"q_lora_rank": None})
v2.vary("bias", {"attention_bias": True})
rotary(v2, "yarn", "yarn", **YARN, mscale=0.7, mscale_all_dim=0.7)

GLM = {key: value for key, value in DEEPSEEK.items() if "rank" not in key and "_dim" not in key}
glm4_moe = Family(
    "glm4_moe",
    "Glm4MoeForCausalLM",
    GLM | {"num_key_value_heads": 2},
    inputs=INPUTS,
    kind="decoder",
)
glm4_moe.vary("groups", GROUPS)
glm4_moe.vary("normed-heads", {"use_qk_norm": True})
glm4_moe.vary("bias", {"attention_bias": True})
glm4_moe.vary("all-turned", {"partial_rotary_factor": 1.0})

FAMILIES = [
    mixtral, qwen2_moe, qwen3_moe, olmoe, granitemoe, gpt_oss, v3, v2, glm4_moe,
]  # fmt: skip
