"""GLM-4.5 (GLM-4.5 Team 2025): Llama that turns half of each head, with DeepSeek-V3's experts."""

from __future__ import annotations

from typing import Any

from attnviz.core.spec import ModelSpec
from attnviz.families import deepseek_v3, experts, llama, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import rotary

BASE = llama.BASE
ALIASES = deepseek_v3.ALIASES
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 151552,
    "intermediate_size": 10944,
    "num_hidden_layers": 46,
    "num_attention_heads": 96,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5,
    "partial_rotary_factor": 0.5,
    "moe_intermediate_size": 1408,
    "num_experts_per_tok": 8,
    "n_shared_experts": 1,
    "n_routed_experts": 128,
    "routed_scaling_factor": 1.0,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "norm_topk_prob": True,
    "use_qk_norm": False,
}


def spec(config: Config) -> ModelSpec:
    """A GLM-4.5 decoder."""
    rotation = rotary(config, config.grouped_heads()[2], partial="partial_rotary_factor")
    normed: dict[str, Any] = {"qk_norm": llama.rms(config)} if config.flag("use_qk_norm") else {}
    attention = llama.attention(config, rotary=rotation, **normed)
    return deepseek_v3.decoder(config, attention, experts.deepseek(config))


def tensors(config: Config) -> Names:
    """Where a GLM-4.5 checkpoint keeps its tensors."""
    norms = qwen3.NORMS if config.flag("use_qk_norm") else {}
    bias = llama.biases(config) - {"attention.output"}
    return deepseek_v3.sparse(
        config, llama.names(config, bias=bias, changes=norms), correction=True
    )
