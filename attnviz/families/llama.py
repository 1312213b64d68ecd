"""Llama (Touvron et al. 2023): rotary positions, RMS norm before, gated MLP, grouped heads."""

from __future__ import annotations

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import Names, expand, head
from attnviz.families.rope import rotary

BASE = "model"

DEFAULTS = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-6,
    "attention_bias": False,
    "mlp_bias": False,
}

LAYER = {
    "attention.norm_before": "layers.{i}.input_layernorm",
    "attention.query": "layers.{i}.self_attn.q_proj",
    "attention.key": "layers.{i}.self_attn.k_proj",
    "attention.value": "layers.{i}.self_attn.v_proj",
    "attention.output": "layers.{i}.self_attn.o_proj",
    "mlp.norm_before": "layers.{i}.post_attention_layernorm",
    "mlp.gate": "layers.{i}.mlp.gate_proj",
    "mlp.up": "layers.{i}.mlp.up_proj",
    "mlp.down": "layers.{i}.mlp.down_proj",
}


def spec(config: Config) -> ModelSpec:
    """A Llama decoder."""
    d_model = config.whole("hidden_size")
    n_heads, n_kv_heads, d_head = config.grouped_heads()
    norm = NormSpec("rms", config.number("rms_norm_eps", 1e-6))
    layer = LayerSpec(
        attention=AttentionSpec(
            n_heads,
            n_kv_heads,
            d_head,
            scale=d_head**-0.5,
            right=0,
            rotary=rotary(config, d_head),
        ),
        mlp=MLPSpec(
            config.whole("intermediate_size"), config.activation("hidden_act", "silu"), gated=True
        ),
        norm=norm,
        norms=("before",),
    )
    vocab_size = config.whole("vocab_size")
    layers = (layer,) * config.whole("num_hidden_layers")
    stack = StackSpec("decoder", d_model, EmbeddingSpec(vocab_size, d_model), layers, norm)
    config.ignore("max_position_embeddings", "pretraining_tp")
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def tensors(config: Config) -> Names:
    """Where a Llama checkpoint keeps its tensors."""
    biased = {f"attention.{name}" for name in ("query", "key", "value", "output")}
    bias = biased if config.flag("attention_bias", False) else set()
    bias |= {"mlp.gate", "mlp.up", "mlp.down"} if config.flag("mlp_bias", False) else set()
    return (
        expand("decoder", {"token": "embed_tokens", "norm": "norm"}, bias=False)
        | expand("decoder", LAYER, layers=config.whole("num_hidden_layers"), bias=bias)
        | head("lm_head", tied_to="embed_tokens" if config.tied(default=False) else None)
    )
