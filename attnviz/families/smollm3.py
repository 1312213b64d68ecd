"""SmolLM3 (Bakouch et al. 2025): Llama with layers that have no positions."""

from __future__ import annotations

from typing import Any

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
ALSO_BASE = llama.ALSO_BASE
UNTURNED: dict[str, Any] = {"rotary": None}
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 128256,
    "hidden_size": 2048,
    "intermediate_size": 11008,
    "num_hidden_layers": 36,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "max_position_embeddings": 32768,
    "rope_theta": 2000000.0,
    "use_sliding_window": False,
    "no_rope_layer_interval": 4,
    "tie_word_embeddings": True,
}


def spec(config: Config) -> ModelSpec:
    """A SmolLM3 decoder."""
    config.ignore("max_window_layers")
    layers = [
        llama.layer(config, llama.attention(config, back=back, **({} if turned else UNTURNED)))
        for turned, back in zip(_rotated(config), _windows(config), strict=True)
    ]
    return llama.decoder(config, *layers)


def _rotated(config: Config) -> list[bool]:
    """Whether each layer has rotary positions: all but every no_rope_layer_interval-th."""
    n_layers, every = config.depth("num_hidden_layers"), config.whole("no_rope_layer_interval")
    default = [int((i + 1) % every != 0) for i in range(n_layers)]
    found = config.get("no_rope_layers") or default
    known = isinstance(found, list) and all(turned in (0, 1) for turned in found)
    if not known or len(found) != n_layers:
        raise config.bad("no_rope_layers", found, f"{n_layers} numbers 0 or 1")
    return [bool(turned) for turned in found]


def _windows(config: Config) -> list[int | None]:
    """Windows where layer_types says so, or else use_sliding_window: where there is no position."""
    on = config.flag("use_sliding_window") and config.has("sliding_window")
    default = [llama.LAYER_TYPES[on and not turned] for turned in _rotated(config)]
    return llama.windows(config, config.layer_types(default, llama.LAYER_TYPES))


def tensors(config: Config) -> Names:
    """Where a SmolLM3 checkpoint keeps its tensors."""
    return llama.names(config, bias=llama.biases(config))
