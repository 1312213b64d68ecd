"""Ministral (Mistral AI 2024): Mistral with a window on the layers that layer_types names."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama, mistral
from attnviz.families.config import Config
from attnviz.families.mistral import tensors

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = mistral.BASE
DEFAULTS = mistral.DEFAULTS


def spec(config: Config) -> ModelSpec:
    """A Ministral decoder."""
    every = llama.LAYER_TYPES[config.has("sliding_window")]
    default = [every] * config.depth("num_hidden_layers")
    types = config.layer_types(default, llama.LAYER_TYPES)
    layers = [
        llama.layer(config, llama.attention(config, back=back))
        for back in llama.windows(config, types)
    ]
    return llama.decoder(config, *layers)
