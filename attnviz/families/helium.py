"""Helium (Kyutai 2025): Llama whose rotary positions pair neighbouring dimensions."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import rotary

BASE = llama.BASE
ALSO_BASE = llama.ALSO_BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 48000,
    "hidden_size": 2560,
    "intermediate_size": 7040,
    "num_hidden_layers": 24,
    "num_attention_heads": 20,
    "num_key_value_heads": 20,
    "head_dim": 128,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-8,
    "rope_theta": 100000.0,
}


def spec(config: Config) -> ModelSpec:
    """A Helium decoder."""
    turned = replace(rotary(config, config.grouped_heads()[2]), interleaved=True)
    return llama.decoder(config, llama.layer(config, llama.attention(config, rotary=turned)))


def tensors(config: Config) -> Names:
    """Where a Helium checkpoint keeps its tensors; its output has no bias."""
    return llama.names(config, bias=llama.biases(config) - {"attention.output"})
