"""Qwen3-VL's text model (Bai et al. 2025): Qwen3 without windows, whose positions are one row."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.qwen3 import tensors

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = "model.language_model"
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 151936,
    "intermediate_size": 22016,
    "num_key_value_heads": 32,
    "head_dim": 128,
    "max_position_embeddings": 128000,
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
}


def spec(config: Config) -> ModelSpec:
    """A Qwen3-VL text decoder."""
    attention = llama.attention(config, qk_norm=llama.rms(config))
    return llama.decoder(config, llama.layer(config, attention))
