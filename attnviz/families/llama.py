"""Llama (Touvron et al. 2023): rotary positions, RMS norm before, gated MLP, grouped heads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, expand, vocabulary
from attnviz.families.rope import rotary

BASE = "model"
ALSO_BASE = ("transformer",)  # in old question answering models

DEFAULTS = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-6,
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
}

Kind = Literal["encoder", "decoder"]
LAYER_TYPES = ("full_attention", "sliding_attention")

LAYER: dict[str, Module] = {
    "attention.norm_before": "layers.{i}.input_layernorm",
    "attention.query": "layers.{i}.self_attn.q_proj",
    "attention.key": "layers.{i}.self_attn.k_proj",
    "attention.value": "layers.{i}.self_attn.v_proj",
    "attention.output": "layers.{i}.self_attn.o_proj",
    "mlp.norm_before": "layers.{i}.post_attention_layernorm",
    "mlp.gate": "layers.{i}.mlp.gate_proj",
    "mlp.up": "layers.{i}.mlp.up_proj",
    "mlp.activation": "layers.{i}.mlp.act_fn",
    "mlp.down": "layers.{i}.mlp.down_proj",
}


def spec(config: Config) -> ModelSpec:
    """A Llama decoder."""
    return decoder(config, layer(config, attention(config)))


def attention(config: Config, *, back: int | None = None, **changes: Any) -> AttentionSpec:
    """Attention with grouped heads and rotary positions, with these changes.

    It sees ``back`` tokens before its own and none after it; with is_causal off, a window holds
    one token more on either side.
    """
    n_heads, n_kv_heads, d_head = config.grouped_heads()
    if "rotary" not in changes:
        changes["rotary"] = rotary(config, d_head)
    changes.setdefault("scale", d_head**-0.5)
    seen = {"left": back, "right": 0}
    if kind(config) == "encoder":
        seen = dict.fromkeys(seen, None if back is None else back + 1)
    return AttentionSpec(n_heads, n_kv_heads, d_head, **{**seen, **changes})


def kind(config: Config) -> Kind:
    """What the one stack is: a decoder, unless its tokens see those behind them."""
    return "decoder" if config.flag("is_causal", default=True) else "encoder"


def layer(config: Config, spec: AttentionSpec, **changes: Any) -> LayerSpec:
    """A pre-norm layer with a gated MLP, with these changes."""
    act = config.activation("hidden_act")
    mlp = MLPSpec(config.whole("intermediate_size"), act, gated=True)
    return replace(LayerSpec(spec, mlp, rms(config), ("before",)), **changes)


def rms(config: Config) -> NormSpec:
    """The RMS norm of a config."""
    return NormSpec("rms", config.number("rms_norm_eps"))


def decoder(
    config: Config,
    *layers: LayerSpec,
    embedding_scale: float = 1.0,
    stack_kind: Kind | None = None,
) -> ModelSpec:
    """A decoder of these layers, or of as many as it has of the only one given."""
    d_model, vocab_size = config.whole("hidden_size"), config.whole("vocab_size")
    every = layers * config.depth("num_hidden_layers") if len(layers) == 1 else layers
    embedding = EmbeddingSpec(vocab_size, d_model, scale=embedding_scale)
    stack = StackSpec(stack_kind or kind(config), d_model, embedding, every, every[0].norm)
    config.ignore("max_position_embeddings")
    if stack.kind == "encoder":
        return ModelSpec(encoder=stack)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def windows(config: Config, types: list[str]) -> list[int | None]:
    """How far back each layer sees, of those whose type is "sliding_attention"."""
    back = config.whole("sliding_window") - 1 if config.has("sliding_window") else None
    return [back if kind == "sliding_attention" else None for kind in types]


def late_windows(config: Config) -> list[int | None]:
    """Qwen's windows: from max_window_layers on, where use_sliding_window says so."""
    first, n_layers = config.whole("max_window_layers", least=0), config.depth("num_hidden_layers")
    on = config.flag("use_sliding_window") and config.get("sliding_window") is not None
    default = [LAYER_TYPES[on and i >= first] for i in range(n_layers)]
    types = config.layer_types(default, LAYER_TYPES)
    return windows(config, types if on else [LAYER_TYPES[0]] * n_layers)


def tensors(config: Config) -> Names:
    """Where a Llama checkpoint keeps its tensors."""
    return names(config, bias=biases(config))


def biases(config: Config) -> set[str]:
    """The modules that have a bias, as attention_bias and mlp_bias say."""
    found = {*QKV, "attention.output"} if config.flag("attention_bias") else set()
    return found | ({"mlp.gate", "mlp.up", "mlp.down"} if config.flag("mlp_bias") else set())


def names(
    config: Config,
    *,
    bias: Collection[str] = (),
    changes: Mapping[str, Module | None] | None = None,
    head_bias: bool = False,
    stack_kind: Kind | None = None,
    final_norm: str = "norm",
) -> Names:
    """Llama's names with these ``changes``, a module of None being left out."""
    stack, tied = stack_kind or kind(config), config.tied()
    modules = {ours: its for ours, its in {**LAYER, **(changes or {})}.items() if its is not None}
    return (
        vocabulary(stack, "embed_tokens", "lm_head", tied=tied, bias=head_bias)
        | expand(stack, {"norm": final_norm}, bias="norm" in bias)
        | expand(stack, modules, layers=config.depth("num_hidden_layers"), bias=bias)
    )
