"""Qwen2 (Yang et al. 2024): Llama with biased projections and windows on late layers."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import QKV, Names

BASE = "model"
ALSO_BASE = llama.ALSO_BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 151936,
    "intermediate_size": 22016,
    "num_key_value_heads": 32,
    "max_position_embeddings": 32768,
    "use_sliding_window": False,
    "sliding_window": 4096,
    "max_window_layers": 28,
}


def spec(config: Config) -> ModelSpec:
    """A Qwen2 decoder."""
    return llama.decoder(
        config,
        *(
            llama.layer(config, llama.attention(config, back=back))
            for back in llama.late_windows(config)
        ),
    )


def tensors(config: Config) -> Names:
    """Where a Qwen2 checkpoint keeps its tensors; queries, keys and values have a bias."""
    config.refuse_unless({"attention_bias": True, "mlp_bias": False, "use_mrope": False})
    return llama.names(config, bias=QKV)
