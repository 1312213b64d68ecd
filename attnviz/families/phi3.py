"""Phi-3 (Abdin et al. 2024): Llama with fused projections, LongRoPE and a sliding window."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import QKV, Names, fused
from attnviz.families.rope import rotary

BASE = "model"
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 32064,
    "hidden_size": 3072,
    "intermediate_size": 8192,
    "max_position_embeddings": 4096,
    "original_max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
}


def spec(config: Config) -> ModelSpec:
    """A Phi-3 decoder."""
    config.refuse_unless({"full_attn_mod": 1, "interpolate_factor": 1, "lm_head_bias": False})
    back = llama.windows(config, ["sliding_attention"])[0]
    rotation = rotary(config, config.grouped_heads()[2], partial="partial_rotary_factor")
    attention = llama.attention(config, back=back, rotary=rotation)
    return llama.decoder(config, llama.layer(config, attention))


def tensors(config: Config) -> Names:
    """Where a Phi-3 checkpoint keeps its tensors: q, k, v in one, gate and up in another."""
    config.refuse_unless({"attention_bias": False, "mlp_bias": False})
    n_heads, n_kv_heads, d_head = config.grouped_heads()
    d_ff, sizes = config.whole("intermediate_size"), (n_heads, n_kv_heads, n_kv_heads)
    changes = {
        **fused("layers.{i}.self_attn.qkv_proj", QKV, (1, tuple(n * d_head for n in sizes))),
        **fused("layers.{i}.mlp.gate_up_proj", ("mlp.gate", "mlp.up"), (1, (d_ff, d_ff))),
        "mlp.activation": "layers.{i}.mlp.activation_fn",
    }
    return llama.names(config, changes=changes)
