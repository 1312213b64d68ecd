"""Gemma (Gemma Team 2024): Llama with scaled embeddings and norms that store weight - 1."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import MLPSpec, ModelSpec, NormSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 256000,
    "hidden_size": 3072,
    "intermediate_size": 24576,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "head_dim": 256,
    "max_position_embeddings": 8192,
    "hidden_act": "gelu_pytorch_tanh",
    "tie_word_embeddings": True,
}


def spec(config: Config) -> ModelSpec:
    """A Gemma decoder; "gelu" in an old config means its tanh approximation."""
    config.refuse_unless({"use_bidirectional_attention": False})
    config.ignore("hidden_activation")
    layer = llama.layer(config, llama.attention(config), norm=norm(config))
    act = config.activation("hidden_act")
    mlp = MLPSpec(layer.mlp.d_ff, "gelu_pytorch_tanh" if act == "gelu" else act, gated=True)
    return llama.decoder(
        config, replace(layer, mlp=mlp), embedding_scale=config.whole("hidden_size") ** 0.5
    )


def norm(config: Config) -> NormSpec:
    """Gemma's RMS norm, which multiplies by 1 + weight."""
    return replace(llama.rms(config), shift=1.0)


def tensors(config: Config) -> Names:
    """Where a Gemma checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    return llama.names(config, bias=llama.biases(config))
