"""OLMo 3 (OLMo Team 2025): OLMo 2 with windows in three of four layers."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import gemma2, llama, olmo2
from attnviz.families.config import Config
from attnviz.families.olmo2 import tensors
from attnviz.families.rope import rotary

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = llama.BASE
THETA = 500000.0
DEFAULTS = {**olmo2.DEFAULTS, "rope_theta": THETA, "sliding_window": 4096}


def spec(config: Config) -> ModelSpec:
    """An OLMo 3 decoder; scaling and rope_theta are of layers without a window alone."""
    d_head, full, local = config.grouped_heads()[2], *llama.LAYER_TYPES
    rotations = {
        full: rotary(config, d_head, layer_type=full),
        local: rotary(config, d_head, theta=THETA, layer_type=local, scaled=False),
    }
    types = config.layer_types(gemma2.alternating(config, 4), llama.LAYER_TYPES)
    layers = [
        olmo2.layer(config, rotary=rotations[kind], back=back)
        for kind, back in zip(types, llama.windows(config, types), strict=True)
    ]
    return llama.decoder(config, *layers)
