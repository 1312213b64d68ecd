"""Qwen3 (Yang et al. 2025): Qwen2 with normed queries and keys and a head size of its own."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec
from attnviz.families import llama, qwen2
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
DEFAULTS = {**qwen2.DEFAULTS, "head_dim": 128}

NORMS = {
    "attention.query_norm": "layers.{i}.self_attn.q_norm",
    "attention.key_norm": "layers.{i}.self_attn.k_norm",
}


def spec(config: Config) -> ModelSpec:
    """A Qwen3 decoder."""
    base = llama.attention(config, qk_norm=llama.rms(config))
    backs = llama.late_windows(config)
    layers = {back: llama.layer(config, replace(base, left=back)) for back in backs}
    return llama.decoder(config, *(layers[back] for back in backs))


def tensors(config: Config) -> Names:
    """Where a Qwen3 checkpoint keeps its tensors."""
    return llama.names(config, bias=llama.biases(config), changes=NORMS)
