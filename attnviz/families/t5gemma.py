"""T5Gemma (Zhang et al. 2025): Gemma 2 as an encoder and as a decoder that reads it."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import AttentionSpec, LayerSpec, ModelSpec, StackSpec
from attnviz.families import gemma2, llama
from attnviz.families.config import Config
from attnviz.families.names import Names, expand, head, table

BASE = "model"
DEFAULTS = gemma2.DEFAULTS
LAYER = {
    **llama.LAYER,
    "attention.norm_before": "layers.{i}.pre_self_attn_layernorm",
    "attention.norm_inside": "layers.{i}.post_self_attn_layernorm",
    "mlp.norm_before": "layers.{i}.pre_feedforward_layernorm",
    "mlp.norm_inside": "layers.{i}.post_feedforward_layernorm",
}
CROSS = {
    ours.replace("attention", "cross"): str(theirs).replace("self_attn", "cross_attn")
    for ours, theirs in LAYER.items()
    if ours.startswith("attention")
}


def spec(config: Config) -> ModelSpec:
    """A T5Gemma encoder and decoder, or the encoder alone."""
    config.ignore("vocab_size", "classifier_dropout_rate", "decoder", "encoder")
    encoder = _encoder(_stack(config, "encoder"))
    if not _decodes(config):
        return ModelSpec(encoder)
    whole, stack = gemma2.spec(config.part("decoder")), _stack(config, "decoder")
    width = encoder.d_model
    layers = tuple(replace(layer, cross=_cross(layer.attention, width)) for layer in stack.layers)
    return ModelSpec(encoder, replace(stack, layers=layers), whole.head)


def _decodes(config: Config) -> bool:
    return config.flag("is_encoder_decoder", default=True)


def _stack(config: Config, side: str) -> StackSpec:
    """The Gemma 2 that one side is."""
    part = config.part(side)
    part.ignore("is_decoder", "cross_attention_hidden_size", "use_bidirectional_attention")
    (stack,) = gemma2.spec(part).stacks
    return stack


def _encoder(stack: StackSpec) -> StackSpec:
    """The stack seeing both ways, in windows as far behind as before."""
    return replace(stack, kind="encoder", layers=tuple(map(_both_ways, stack.layers)))


def _both_ways(layer: LayerSpec) -> LayerSpec:
    side = None if layer.attention.left is None else layer.attention.left + 1
    return replace(layer, attention=replace(layer.attention, left=side, right=side))


def _cross(attention: AttentionSpec, d_memory: int) -> AttentionSpec:
    """Cross attention beside self-attention: it sees everything and turns nothing."""
    return replace(attention, left=None, right=None, rotary=None, d_memory=d_memory)


def tensors(config: Config) -> Names:
    """Where a T5Gemma checkpoint keeps its tensors; head and decoder may share a table."""
    head_name, tied = "lm_head.out_proj", config.tied()
    found = _names(config, "encoder", ())
    if not _decodes(config):
        return found
    found |= _names(config, "decoder", (head_name,) if tied else ())
    return found | head(head_name, tied_to=["decoder.embed_tokens"] if tied else [])


def _names(config: Config, side: str, tied_to: tuple[str, ...]) -> Names:
    part, layer = config.part(side), LAYER | (CROSS if side == "decoder" else {})
    part.refuse_unless({"mlp_bias": False})
    modules = {ours: f"{side}.{theirs}" for ours, theirs in layer.items()}
    attention = {ours for ours in modules if "norm" not in ours and "mlp" not in ours}
    bias = attention if part.flag("attention_bias") else set[str]()
    tables = table(f"{side}.embed_tokens", tied_to=tied_to)
    return expand(side, {**tables, "norm": f"{side}.norm"}, bias=False) | expand(
        side, modules, layers=part.depth("num_hidden_layers"), bias=bias
    )
