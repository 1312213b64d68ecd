"""Arcee (Arcee AI 2025): Llama whose MLP has no gate and squares what is above zero."""

from __future__ import annotations

from attnviz.core.spec import MLPSpec, ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
ALSO_BASE = llama.ALSO_BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "hidden_size": 2560,
    "intermediate_size": 18432,
    "hidden_act": "relu2",
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
}


def spec(config: Config) -> ModelSpec:
    """An Arcee decoder."""
    mlp = MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act"))
    return llama.decoder(config, llama.layer(config, llama.attention(config), mlp=mlp))


def tensors(config: Config) -> Names:
    """Where an Arcee checkpoint keeps its tensors."""
    return llama.names(config, bias=llama.biases(config), changes={"mlp.gate": None})
