"""EXAONE 4 (LG AI Research 2025): OLMo 2 with windows, and positions only where there is one."""

from __future__ import annotations

from typing import Any

from attnviz.core.spec import AttentionSpec, ModelSpec
from attnviz.families import gemma2, llama, olmo2, smollm3
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 102400,
    "intermediate_size": 16384,
    "num_key_value_heads": 32,
    "rms_norm_eps": 1e-5,
    "sliding_window": 4096,
    "sliding_window_pattern": 4,
}


def spec(config: Config) -> ModelSpec:
    """An EXAONE 4 decoder; where no layer has a window, all have positions."""
    windowed, n_layers = config.has("sliding_window"), config.depth("num_hidden_layers")
    default = [llama.LAYER_TYPES[0]] * n_layers
    if windowed and not config.values.get("layer_types"):
        default = gemma2.alternating(config, config.whole("sliding_window_pattern"))
    config.ignore("sliding_window_pattern")  # has said what it says in layer_types
    types = config.layer_types(default, llama.LAYER_TYPES)
    layers = [
        llama.layer(config, _attention(config, back, turned=not windowed or back is not None))
        for back in llama.windows(config, types)
    ]
    return llama.decoder(config, *(olmo2.behind(layer) for layer in layers))


def _attention(config: Config, back: int | None, *, turned: bool) -> AttentionSpec:
    changes: dict[str, Any] = {} if turned else smollm3.UNTURNED
    return llama.attention(config, back=back, qk_norm=llama.rms(config), **changes)


def tensors(config: Config) -> Names:
    """Where an EXAONE 4 checkpoint keeps its tensors; it has no biases."""
    config.refuse_unless({"attention_bias": False, "mlp_bias": False})
    return llama.names(config, changes=olmo2.NORMS)
