"""DeepSeek-V3 and R1 (DeepSeek-AI 2024): latent attention and experts in groups."""

from __future__ import annotations

import math
from dataclasses import replace

from attnviz.core.spec import AttentionSpec, Experts, Latent, ModelSpec, NormSpec
from attnviz.families import experts, llama, qwen2_moe
from attnviz.families.config import Config
from attnviz.families.names import Module, Names, Part, Stored
from attnviz.families.rope import rotary

BASE = llama.BASE
ALIASES = {
    "num_local_experts": "n_routed_experts",
    "num_mtp_layers": "num_nextn_predict_layers",
}
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 129280,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "num_hidden_layers": 61,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "n_shared_experts": 1,
    "n_routed_experts": 256,
    "routed_scaling_factor": 2.5,
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "n_group": 8,
    "topk_group": 4,
    "num_experts_per_tok": 8,
    "first_k_dense_replace": 3,
    "norm_topk_prob": True,
    "max_position_embeddings": 4096,
    "rope_interleave": True,
}
IDLE = (
    *experts.IDLE, "aux_loss_alpha", "ep_size", "head_dim", "num_nextn_predict_layers",
    "qk_head_dim", "seq_aux",
)  # fmt: skip
SHARED = {
    "mlp.gate": "layers.{i}.mlp.shared_experts.gate_proj",
    "mlp.up": "layers.{i}.mlp.shared_experts.up_proj",
    "mlp.down": "layers.{i}.mlp.shared_experts.down_proj",
}


def spec(config: Config) -> ModelSpec:
    """A DeepSeek-V3 decoder."""
    config.refuse_unless({"scoring_func": "sigmoid", "topk_method": "noaux_tc"})
    config.refuse_unless({"moe_layer_freq": 1})
    interleaved = config.flag("rope_interleave")
    return decoder(config, attention(config, interleaved=interleaved), experts.deepseek(config))


def decoder(config: Config, attention: AttentionSpec, mixture: Experts) -> ModelSpec:
    """A decoder with experts in all but its first layers."""
    config.ignore(*IDLE)
    layer, d_ff = llama.layer(config, attention), config.whole("moe_intermediate_size")
    sparse = experts.with_experts(layer, d_ff, mixture)
    first = config.whole("first_k_dense_replace", least=0)
    return llama.decoder(
        config, *(sparse if i >= first else layer for i in range(config.depth("num_hidden_layers")))
    )


def attention(config: Config, *, interleaved: bool) -> AttentionSpec:
    """Latent attention: all heads' keys share what is turned."""
    n_heads, turned = config.whole("num_attention_heads"), config.whole("qk_rope_head_dim")
    config.refuse_unless({"num_key_value_heads": n_heads})
    d_head = config.whole("qk_nope_head_dim") + turned
    rotation = replace(rotary(config, turned), interleaved=interleaved)
    d_query = config.whole("q_lora_rank") if config.has("q_lora_rank") else None
    return AttentionSpec(
        n_heads,
        n_heads,
        d_head,
        d_head**-0.5 * _temperature(rotation.kind, rotation.scaling.get("factor"), config),
        right=0,
        rotary=rotation,
        latent=Latent(config.whole("kv_lora_rank"), turned, NormSpec("rms", 1e-6), d_query),
        d_value=config.whole("v_head_dim"),
    )


def _temperature(kind: str, factor: object, config: Config) -> float:
    """What mscale_all_dim makes of the scale (Peng et al. 2023, eq. 22), squared."""
    values = config.get("rope_scaling") or config.get("rope_parameters") or {}
    weight = values.get("mscale_all_dim")
    if kind == "default" or not weight or not isinstance(factor, float) or factor <= 1:
        return 1.0
    return float((0.1 * weight * math.log(factor) + 1.0) ** 2)


def tensors(config: Config) -> Names:
    """Where a DeepSeek-V3 checkpoint keeps its tensors."""
    return names(config, correction=True)


def names(config: Config, *, correction: bool) -> Names:
    """DeepSeek's names, with the numbers that correct the choice of experts or without."""
    biased = {"attention.query_down", "attention.shared", "attention.output"}
    bias = biased if config.flag("attention_bias") else set[str]()
    found = llama.names(config, bias=bias, changes=_attention(config))
    return sparse(config, found, correction=correction)


def sparse(config: Config, names: Names, *, correction: bool) -> Names:
    """These names, those of MLPs replaced by those of experts in all but the first layers."""
    config.refuse_unless({"mlp_bias": False})
    first = config.whole("first_k_dense_replace", least=0)
    n = experts.number_of(config, "n_routed_experts")
    layers = range(first, config.depth("num_hidden_layers"))
    dense = {f"decoder.{i}.mlp.{part}" for i in layers for part in ("gate", "up", "down")}
    found = {ours: its for ours, its in names.items() if ours.rpartition(".")[0] not in dense}
    shared = SHARED if config.whole("n_shared_experts", least=0) else {}
    found |= experts.expert_names(
        "decoder", layers, qwen2_moe.EXPERT, n, router="layers.{i}.mlp.gate", shared=shared
    )
    if correction:
        theirs = "layers.{}.mlp.gate.e_score_correction_bias"
        found |= {f"decoder.{i}.mlp.correction": Stored(theirs.format(i)) for i in layers}
    return found


def _attention(config: Config) -> dict[str, Module | None]:
    """Where the parts of latent attention are."""
    rest, turned = config.whole("qk_nope_head_dim"), config.whole("qk_rope_head_dim")
    heads, d_value = config.whole("num_attention_heads"), config.whole("v_head_dim")
    prefix = "layers.{i}.self_attn"
    query = f"{prefix}.q_b_proj" if config.has("q_lora_rank") else f"{prefix}.q_proj"
    both = f"{prefix}.kv_b_proj"
    found: dict[str, Module | None] = {
        "attention.query": None,
        "attention.query_rest": Stored(query, part=Part(heads, (rest, turned), 0)),
        "attention.query_turned": Stored(query, part=Part(heads, (rest, turned), 1)),
        "attention.shared": f"{prefix}.kv_a_proj_with_mqa",
        "attention.shared_norm": f"{prefix}.kv_a_layernorm",
        "attention.key": Stored(both, part=Part(heads, (rest, d_value), 0)),
        "attention.value": Stored(both, part=Part(heads, (rest, d_value), 1)),
    }
    if config.has("q_lora_rank"):
        found["attention.query_down"] = f"{prefix}.q_a_proj"
        found["attention.query_norm_down"] = f"{prefix}.q_a_layernorm"
    return found
