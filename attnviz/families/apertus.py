"""Apertus (Swiss AI 2025): Llama with normed queries and keys and an MLP of xIELU."""

from __future__ import annotations

from attnviz.core.spec import MLPSpec, ModelSpec
from attnviz.families import llama, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 131072,
    "intermediate_size": 14336,
    "hidden_act": "xielu",
    "max_position_embeddings": 65536,
    "rms_norm_eps": 1e-5,
    "rope_theta": 12000000.0,
    "rope_parameters": {
        "rope_type": "llama3",
        "rope_theta": 12000000.0,
        "factor": 8.0,
        "original_max_position_embeddings": 8192,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    },
}
CHANGES = {
    **qwen3.NORMS,
    "attention.norm_before": "layers.{i}.attention_layernorm",
    "mlp.norm_before": "layers.{i}.feedforward_layernorm",
    "mlp.gate": None,
}


def spec(config: Config) -> ModelSpec:
    """An Apertus decoder."""
    attention = llama.attention(config, qk_norm=llama.rms(config))
    mlp = MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act"))
    return llama.decoder(config, llama.layer(config, attention, mlp=mlp))


def tensors(config: Config) -> Names:
    """Where an Apertus checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    return llama.names(config, bias=llama.biases(config), changes=CHANGES)
