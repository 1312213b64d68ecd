"""Nemotron (Parmar et al. 2024): Llama with layer norms of weight - 1 and an MLP of squares."""

from __future__ import annotations

from attnviz.core.spec import MLPSpec, ModelSpec, NormSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import rotary

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 256000,
    "hidden_size": 6144,
    "intermediate_size": 24576,
    "num_attention_heads": 48,
    "hidden_act": "relu2",
    "max_position_embeddings": 4096,
    "norm_eps": 1e-5,
    "partial_rotary_factor": 0.5,
}
NORMS = {"norm", "attention.norm_before", "mlp.norm_before"}


def spec(config: Config) -> ModelSpec:
    """A Nemotron decoder, which turns half of each head."""
    config.ignore("rms_norm_eps")
    norm = NormSpec("layer", config.number("norm_eps"), shift=1.0)
    rotation = rotary(config, config.grouped_heads()[2], partial="partial_rotary_factor")
    mlp = MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act"))
    attention = llama.attention(config, rotary=rotation)
    return llama.decoder(config, llama.layer(config, attention, mlp=mlp, norm=norm))


def tensors(config: Config) -> Names:
    """Where a Nemotron checkpoint keeps its tensors; there is no gate."""
    bias = NORMS | llama.biases(config)
    return llama.names(config, bias=bias, changes={"mlp.gate": None})
