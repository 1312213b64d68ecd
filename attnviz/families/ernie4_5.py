"""ERNIE 4.5 (Baidu 2025): Llama whose rotary positions pair neighbouring dimensions."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import helium, llama
from attnviz.families.config import Config
from attnviz.families.names import QKV, Names

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 103424,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 18,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
    "use_bias": False,
}


def spec(config: Config) -> ModelSpec:
    """An ERNIE 4.5 decoder."""
    return helium.spec(config)


def tensors(config: Config) -> Names:
    """Where an ERNIE 4.5 checkpoint keeps its tensors; all have a bias, or none."""
    config.ignore("attention_bias", "mlp_bias")
    every = {*QKV, "attention.output", "mlp.gate", "mlp.up", "mlp.down"}
    return llama.names(config, bias=every if config.flag("use_bias") else ())
