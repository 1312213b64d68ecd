"""ModernBERT (Warner et al. 2024): pre-norm, rotary, gated, with local and global layers."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    Rotary,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, expand, fused, vocabulary
from attnviz.families.rope import rotary

BASE = "model"
DEFAULTS = {
    "vocab_size": 50368,
    "hidden_size": 768,
    "intermediate_size": 1152,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "hidden_activation": "gelu",
    "max_position_embeddings": 8192,
    "norm_eps": 1e-5,
    "norm_bias": False,
    "attention_bias": False,
    "mlp_bias": False,
    "local_attention": 128,
    "global_attn_every_n_layers": 3,
    "global_rope_theta": 160000.0,
    "local_rope_theta": 10000.0,
}

LAYER_TYPES = ("full_attention", "sliding_attention")
THETAS = ("global_rope_theta", "local_rope_theta")


def spec(config: Config) -> ModelSpec:
    """A ModernBERT encoder."""
    return ModelSpec(encoder=stack(config))


def stack(config: Config) -> StackSpec:
    """Its one stack; the first layer has no norm before the attention."""
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    config.refuse_unless({"head_dim": d_head})
    config.ignore(
        "position_embedding_type",
        "max_position_embeddings",
        "layer_norm_eps",
        "local_attention",
        "sliding_window",
    )
    norm = NormSpec("layer", config.number("norm_eps"))
    rotations = {
        kind: rotary(config, d_head, theta=theta, layer_type=kind)
        for kind, theta in zip(LAYER_TYPES, THETAS, strict=True)
    }
    layers = tuple(
        _layer(config, d_head, norm, kind == "sliding_attention", rotations[kind], first=i == 0)
        for i, kind in enumerate(config.layer_types(_default_types(config), LAYER_TYPES))
    )
    embedding = EmbeddingSpec(config.whole("vocab_size"), d_model, norm=norm)
    return StackSpec("encoder", d_model, embedding, layers, norm)


def _layer(
    config: Config, d_head: int, norm: NormSpec, local: bool, rotation: Rotary, *, first: bool
) -> LayerSpec:
    n_heads = config.whole("num_attention_heads")
    both = config.whole("local_attention") // 2
    side = config.whole("sliding_window", both, least=0) if local else None
    return LayerSpec(
        attention=AttentionSpec(
            n_heads, n_heads, d_head, d_head**-0.5, left=side, right=side, rotary=rotation
        ),
        mlp=MLPSpec(
            config.whole("intermediate_size"), config.activation("hidden_activation"), gated=True
        ),
        norm=norm,
        norms=("before",),
        attention_norm=not first,
    )


def _default_types(config: Config) -> list[str]:
    every, n_layers = config.whole("global_attn_every_n_layers"), config.depth("num_hidden_layers")
    return [LAYER_TYPES[bool(i % every)] for i in range(n_layers)]


def tensors(config: Config) -> Names:
    """Where a ModernBERT checkpoint keeps its tensors: queries, keys and values in one."""
    d_model = config.whole("hidden_size")
    return names(config, "encoder", fused("layers.{i}.attn.Wqkv", QKV, (1, (d_model,) * 3)))


def names(config: Config, kind: str, attention: Mapping[str, Module]) -> Names:
    """ModernBERT's names with those of queries, keys and values."""
    d_ff = config.whole("intermediate_size")
    layer = {
        **attention,
        **fused("layers.{i}.mlp.Wi", ("mlp.gate", "mlp.up"), (1, (d_ff, d_ff))),
        "attention.output": "layers.{i}.attn.Wo",
        "attention.norm_before": "layers.{i}.attn_norm",
        "mlp.norm_before": "layers.{i}.mlp_norm",
        "mlp.activation": "layers.{i}.mlp.act",
        "mlp.down": "layers.{i}.mlp.Wo",
    }
    bias = {name for name in layer if _has_bias(config, name)}
    found = expand(kind, layer, layers=config.depth("num_hidden_layers"), bias=bias)
    norms = {"embedding_norm": "embeddings.norm", "norm": "final_norm"}
    return (
        {ours: its for ours, its in found.items() if f"{kind}.0.attention.norm" not in ours}
        | vocabulary(kind, "embeddings.tok_embeddings", "decoder", tied=config.tied(), bias=True)
        | expand(kind, norms, bias=config.flag("norm_bias"))
    )


def _has_bias(config: Config, name: str) -> bool:
    key = "norm" if "norm" in name else name.partition(".")[0]
    return config.flag(f"{key}_bias")
