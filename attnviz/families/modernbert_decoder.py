"""ModernBERT's decoder (Weller et al. 2025): ModernBERT that sees what came before alone."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import LayerSpec, ModelSpec
from attnviz.families import modernbert
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = modernbert.BASE
DEFAULTS = modernbert.DEFAULTS
APART = {
    "attention.query": "layers.{i}.attn.q_proj",
    "attention.key": "layers.{i}.attn.k_proj",
    "attention.value": "layers.{i}.attn.v_proj",
}


def spec(config: Config) -> ModelSpec:
    """A ModernBERT decoder; its window is half of local_attention, the token itself in it.

    What it writes with has layers of its own, which the core does not have, so it has no head.
    """
    config.refuse_unless({"sliding_window": config.whole("local_attention") // 2})
    encoder = modernbert.stack(config)
    stack = replace(encoder, kind="decoder", layers=tuple(map(_causal, encoder.layers)))
    return ModelSpec(decoder=stack)


def _causal(layer: LayerSpec) -> LayerSpec:
    """The layer, seeing nothing after a token and, in a window, one token less before it."""
    left = layer.attention.left
    seen = replace(layer.attention, left=None if left is None else left - 1, right=0)
    return replace(layer, attention=seen)


def tensors(config: Config) -> Names:
    """Where a ModernBERT decoder keeps its tensors: queries, keys and values apart."""
    return modernbert.names(config, "decoder", APART)
