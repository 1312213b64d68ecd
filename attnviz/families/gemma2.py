"""Gemma 2 (Gemma Team 2024): Gemma with soft caps, norms around sublayers, windows in turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from attnviz.core.spec import AttentionSpec, LayerSpec, MLPSpec, ModelSpec
from attnviz.families import gemma, llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
DEFAULTS = {
    **gemma.DEFAULTS,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "hidden_activation": "gelu_pytorch_tanh",
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
    "final_logit_softcapping": 30.0,
    "attn_logit_softcapping": 50.0,
}

NORMS = {
    "attention.norm_inside": "layers.{i}.post_attention_layernorm",
    "mlp.norm_before": "layers.{i}.pre_feedforward_layernorm",
    "mlp.norm_inside": "layers.{i}.post_feedforward_layernorm",
}


def spec(config: Config) -> ModelSpec:
    """A Gemma 2 decoder; every second layer sees everything."""
    config.refuse_unless({"use_bidirectional_attention": False})
    cap = config.number("attn_logit_softcapping") if config.has("attn_logit_softcapping") else None
    types = config.layer_types(alternating(config, 2), llama.LAYER_TYPES)
    layers = [
        layer(config, attention(config, back=back, softcap=cap))
        for back in llama.windows(config, types)
    ]
    return decoder(config, *layers)


def alternating(config: Config, every: int) -> list[str]:
    """Layer types: sliding windows, but for every so many-th layer."""
    n_layers = config.depth("num_hidden_layers")
    return [llama.LAYER_TYPES[(i + 1) % every != 0] for i in range(n_layers)]


def attention(config: Config, **changes: Any) -> AttentionSpec:
    """Attention with Gemma 2's scale, with these changes."""
    return llama.attention(config, scale=config.number("query_pre_attn_scalar") ** -0.5, **changes)


def layer(config: Config, spec: AttentionSpec) -> LayerSpec:
    """A layer with norms before and inside its sublayers."""
    act = config.activation("hidden_activation")
    mlp = MLPSpec(config.whole("intermediate_size"), act, gated=True)
    config.ignore("hidden_act")
    return LayerSpec(spec, mlp, gemma.norm(config), ("before", "inside"))


def decoder(config: Config, *layers: LayerSpec, stack_kind: llama.Kind | None = None) -> ModelSpec:
    """A decoder with scaled embeddings and capped logits."""
    found = llama.decoder(
        config,
        *layers,
        embedding_scale=config.whole("hidden_size") ** 0.5,
        stack_kind=stack_kind,
    )
    if found.head is None or not config.has("final_logit_softcapping"):
        return found
    cap = config.number("final_logit_softcapping")
    return replace(found, head=replace(found.head, softcap=cap))


def tensors(config: Config) -> Names:
    """Where a Gemma 2 checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    return llama.names(config, bias=llama.biases(config), changes=NORMS)
