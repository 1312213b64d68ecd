"""Granite (IBM 2024): Llama whose embeddings, scores, sums and logits have factors of their own."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import HeadSpec, LayerSpec, ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.llama import tensors

__all__ = ["BASE", "DEFAULTS", "decoder", "layer", "spec", "tensors"]

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "attention_multiplier": 1.0,
    "embedding_multiplier": 1.0,
    "logits_scaling": 1.0,
    "residual_multiplier": 1.0,
}


def spec(config: Config) -> ModelSpec:
    """A Granite decoder."""
    return decoder(config, layer(config))


def layer(config: Config) -> LayerSpec:
    """A layer, what it adds multiplied by residual_multiplier."""
    attention = llama.attention(config, scale=config.number("attention_multiplier"))
    residual_scale = config.number("residual_multiplier")
    return llama.layer(config, attention, residual_scale=residual_scale)


def decoder(config: Config, layer: LayerSpec) -> ModelSpec:
    """A decoder with scaled embeddings and logits."""
    scale = config.number("embedding_multiplier")
    head = HeadSpec(config.whole("vocab_size"), scale=1 / config.number("logits_scaling"))
    return replace(llama.decoder(config, layer, embedding_scale=scale), head=head)
