"""OLMo (Groeneveld et al. 2024): Llama with layer norms that have no weights."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, NormSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
ALSO_BASE = llama.ALSO_BASE
DEFAULTS = {**llama.DEFAULTS, "vocab_size": 50304}
NORM = NormSpec("layer", 1e-5)


def spec(config: Config) -> ModelSpec:
    """An OLMo decoder."""
    config.ignore("rms_norm_eps")
    return llama.decoder(config, llama.layer(config, llama.attention(config), norm=NORM))


def tensors(config: Config) -> Names:
    """Where an OLMo checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False, "clip_qkv": None})
    unweighted = {"attention.norm_before": None, "mlp.norm_before": None}
    names = llama.names(config, bias=llama.biases(config), changes=unweighted)
    return {ours: its for ours, its in names.items() if its.name != "norm.weight"}
