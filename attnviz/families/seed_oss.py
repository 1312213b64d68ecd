"""Seed-OSS (ByteDance Seed 2025): Llama with biased queries, keys and values."""

from __future__ import annotations

from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.llama import spec
from attnviz.families.names import Names

__all__ = ["ALSO_BASE", "BASE", "DEFAULTS", "spec", "tensors"]

BASE = llama.BASE
ALSO_BASE = llama.ALSO_BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 155136,
    "intermediate_size": 27648,
    "num_hidden_layers": 64,
    "num_attention_heads": 80,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 524288,
    "attention_bias": True,
    "attention_out_bias": False,
}


def tensors(config: Config) -> Names:
    """Where a Seed-OSS checkpoint keeps its tensors; the output's bias has a key of its own."""
    bias = llama.biases(config) - {"attention.output"}
    if config.flag("attention_out_bias"):
        bias |= {"attention.output"}
    return llama.names(config, bias=bias)
