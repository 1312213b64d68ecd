"""Qwen3 MoE (Yang et al. 2025): Qwen3 with experts."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import experts, llama, qwen2_moe, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
ALIASES = {"num_local_experts": "num_experts"}
DEFAULTS = {
    **qwen3.DEFAULTS,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_hidden_layers": 24,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "head_dim": None,
    "decoder_sparse_step": 1,
    "moe_intermediate_size": 768,
    "num_experts_per_tok": 8,
    "num_experts": 128,
    "norm_topk_prob": False,
}


def spec(config: Config) -> ModelSpec:
    """A Qwen3 MoE decoder, with one window for all layers or none."""
    config.ignore(*experts.IDLE, "max_window_layers", "layer_types")
    mixture, d_ff = experts.qwen(config, shared=False), config.whole("moe_intermediate_size")
    windowed = config.flag("use_sliding_window")
    back = llama.windows(config, ["sliding_attention"])[0] if windowed else None
    layer = llama.layer(config, llama.attention(config, back=back, qk_norm=llama.rms(config)))
    return llama.decoder(
        config,
        *(
            experts.with_experts(layer, d_ff, mixture) if sparse else layer
            for sparse in experts.sparse_layers(config)
        ),
    )


def tensors(config: Config) -> Names:
    """Where a Qwen3 MoE checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    return qwen2_moe.names(config, bias=llama.biases(config), changes=qwen3.NORMS)
