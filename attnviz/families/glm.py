"""GLM (GLM Team 2024): Llama whose rotary positions pair neighbours in half of each head."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import AttentionSpec, ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Module, Names, fused
from attnviz.families.rope import rotary

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 151552,
    "intermediate_size": 13696,
    "num_hidden_layers": 40,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "max_position_embeddings": 131072,
    "partial_rotary_factor": 0.5,
    "rms_norm_eps": 0.00000015625,
    "attention_bias": True,
}


def spec(config: Config) -> ModelSpec:
    """A GLM decoder."""
    return llama.decoder(config, llama.layer(config, attention(config)))


def attention(config: Config) -> AttentionSpec:
    """Attention that turns a part of each head."""
    rotation = rotary(config, config.grouped_heads()[2], partial="partial_rotary_factor")
    return llama.attention(config, rotary=replace(rotation, interleaved=True))


def tensors(config: Config) -> Names:
    """Where a GLM checkpoint keeps its tensors: gate and up are one, the output has no bias."""
    return names(config, {})


def names(config: Config, changes: dict[str, Module]) -> Names:
    """GLM's names with these changes."""
    config.refuse_unless({"mlp_bias": False})
    d_ff, bias = config.whole("intermediate_size"), llama.biases(config) - {"attention.output"}
    both = fused("layers.{i}.mlp.gate_up_proj", ("mlp.gate", "mlp.up"), (1, (d_ff, d_ff)))
    act: dict[str, Module] = {"mlp.activation": "layers.{i}.mlp.activation_fn"}
    return llama.names(config, bias=bias, changes={**both, **act, **changes})
