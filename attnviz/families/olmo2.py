"""OLMo 2 (OLMo Team 2024): Llama with norms behind its sublayers and on queries and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from attnviz.core.spec import LayerSpec, ModelSpec
from attnviz.families import llama, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
DEFAULTS = {**llama.DEFAULTS, "vocab_size": 50304, "rms_norm_eps": 1e-5}

NORMS = {
    **qwen3.NORMS,
    "attention.norm_before": None,
    "mlp.norm_before": None,
    "attention.norm_inside": "layers.{i}.post_attention_layernorm",
    "mlp.norm_inside": "layers.{i}.post_feedforward_layernorm",
}


def spec(config: Config) -> ModelSpec:
    """An OLMo 2 decoder."""
    return llama.decoder(config, layer(config))


def layer(config: Config, **changes: Any) -> LayerSpec:
    """A layer whose attention has these changes."""
    normed = llama.attention(config, qk_norm=llama.rms(config), qk_norm_over="all", **changes)
    return behind(llama.layer(config, normed))


def behind(layer: LayerSpec) -> LayerSpec:
    """The layer with its norms behind its sublayers."""
    return replace(layer, norms=("inside",))


def tensors(config: Config) -> Names:
    """Where an OLMo 2 checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False, "clip_qkv": None})
    return llama.names(config, bias=llama.biases(config), changes=NORMS)
