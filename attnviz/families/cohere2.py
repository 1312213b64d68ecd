"""Cohere 2 (Cohere For AI 2024): Cohere with windows, and positions only where there is one."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import cohere, gemma2, llama
from attnviz.families.cohere import tensors
from attnviz.families.config import Config

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = llama.BASE
DEFAULTS = {
    **cohere.DEFAULTS,
    "rope_theta": 10000.0,
    "sliding_window": 4096,
    "sliding_window_pattern": 4,
}


def spec(config: Config) -> ModelSpec:
    """A Cohere 2 decoder."""
    config.refuse_unless({"use_qk_norm": False})
    pattern = gemma2.alternating(config, config.whole("sliding_window_pattern"))
    types = config.layer_types(pattern, llama.LAYER_TYPES)
    windows = llama.windows(config, types)
    every = [cohere.attention(config, turned=back is not None, back=back) for back in windows]
    return cohere.decoder(config, *every)
