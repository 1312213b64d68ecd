"""OLMoE (Muennighoff et al. 2024): Llama with normed queries and keys and many small experts."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import experts, llama, qwen2_moe, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
ALIASES = {"num_local_experts": "num_experts"}
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 50304,
    "hidden_size": 2048,
    "intermediate_size": 2048,
    "num_hidden_layers": 16,
    "num_attention_heads": 16,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
    "num_experts_per_tok": 8,
    "num_experts": 64,
    "norm_topk_prob": False,
    "decoder_sparse_step": 1,
}


def spec(config: Config) -> ModelSpec:
    """An OLMoE decoder."""
    config.ignore(*experts.IDLE)
    config.refuse_unless({"clip_qkv": None, "decoder_sparse_step": 1, "mlp_only_layers": None})
    attention = llama.attention(config, qk_norm=llama.rms(config), qk_norm_over="all")
    layer, mixture = llama.layer(config, attention), experts.qwen(config, shared=False)
    return llama.decoder(config, experts.with_experts(layer, layer.mlp.d_ff, mixture))


def tensors(config: Config) -> Names:
    """Where an OLMoE checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    return qwen2_moe.names(config, bias=llama.biases(config), changes=qwen3.NORMS)
