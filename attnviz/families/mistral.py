"""Mistral (Jiang et al. 2023): Llama with a sliding window on every layer, or on none."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
DEFAULTS = {
    **llama.DEFAULTS,
    "intermediate_size": 14336,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131072,
    "sliding_window": 4096,
}


def spec(config: Config) -> ModelSpec:
    """A Mistral decoder."""
    n_layers = config.depth("num_hidden_layers")
    every = {True: "sliding_attention", False: "full_attention"}[config.has("sliding_window")]
    config.refuse_unless({"layer_types": [every] * n_layers})
    back = llama.windows(config, [every] * n_layers)[0]
    return llama.decoder(config, llama.layer(config, llama.attention(config, back=back)))


def tensors(config: Config) -> Names:
    """Where a Mistral checkpoint keeps its tensors; it has no biases."""
    config.refuse_unless({"attention_bias": False, "mlp_bias": False})
    return llama.names(config)
