"""Qwen3 (Yang et al. 2025): Qwen2 with normed queries and keys and a head size of its own."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama, qwen2
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
ALSO_BASE = llama.ALSO_BASE
DEFAULTS = {**qwen2.DEFAULTS, "head_dim": 128}

NORMS = {
    "attention.query_norm": "layers.{i}.self_attn.q_norm",
    "attention.key_norm": "layers.{i}.self_attn.k_norm",
}


def spec(config: Config) -> ModelSpec:
    """A Qwen3 decoder."""
    norm = llama.rms(config)
    return llama.decoder(
        config,
        *(
            llama.layer(config, llama.attention(config, back=back, qk_norm=norm))
            for back in llama.late_windows(config)
        ),
    )


def tensors(config: Config) -> Names:
    """Where a Qwen3 checkpoint keeps its tensors."""
    return llama.names(config, bias=llama.biases(config), changes=NORMS)
