"""Gemma 3's text model (Gemma Team 2025): Gemma 2 with normed queries and two rotary bases."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import gemma, gemma2, llama, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import rotary

BASE = "model"
DEFAULTS = {
    **gemma2.DEFAULTS,
    "vocab_size": 262208,
    "max_position_embeddings": 131072,
    "sliding_window_pattern": 6,
    "rope_theta": 1000000.0,
    "rope_local_base_freq": 10000.0,
    "final_logit_softcapping": None,
    "attn_logit_softcapping": None,
}


def spec(config: Config) -> ModelSpec:
    """A Gemma 3 text decoder: local layers turn slowly, global ones are scaled."""
    config.refuse_unless({"is_causal": True})
    config.ignore("attn_logit_softcapping")  # its attention has none, whatever it says
    d_head, full, local = config.grouped_heads()[2], *llama.LAYER_TYPES
    rotations = {
        full: rotary(config, d_head, layer_type=full),
        local: rotary(config, d_head, theta="rope_local_base_freq", layer_type=local, scaled=False),
    }
    pattern = gemma2.alternating(config, config.whole("sliding_window_pattern"))
    types = config.layer_types(pattern, llama.LAYER_TYPES)
    layers = [
        gemma2.layer(
            config,
            gemma2.attention(
                config, rotary=rotations[kind], qk_norm=gemma.norm(config), **_window(config, back)
            ),
        )
        for kind, back in zip(types, llama.windows(config, types), strict=True)
    ]
    return gemma2.decoder(config, *layers, stack_kind=_kind(config))


def _kind(config: Config) -> llama.Kind:
    both_ways = config.flag("use_bidirectional_attention", default=False)
    return "encoder" if both_ways else "decoder"


def _window(config: Config, back: int | None) -> dict[str, int | None]:
    """What a layer sees: where use_bidirectional_attention is on, half its window on each side."""
    if _kind(config) == "decoder":
        return {"back": back}
    return dict.fromkeys(("left", "right"), None if back is None else (back + 1) // 2)


def tensors(config: Config) -> Names:
    """Where a Gemma 3 text checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    changes = {**gemma2.NORMS, **qwen3.NORMS}
    return llama.names(config, bias=llama.biases(config), changes=changes, stack_kind=_kind(config))
