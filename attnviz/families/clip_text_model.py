"""CLIP's text model (Radford et al. 2021): GPT with a norm at its end, read for its last token."""

from __future__ import annotations

from typing import Literal

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    PositionSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import Names, expand

BASE = "text_model"
DEFAULTS = {
    "vocab_size": 49408,
    "hidden_size": 512,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 8,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
    "layer_norm_eps": 1e-5,
}
IDLE = ("projection_dim", "projection_size")
LAYER = {
    "attention.query": "encoder.layers.{i}.self_attn.q_proj",
    "attention.key": "encoder.layers.{i}.self_attn.k_proj",
    "attention.value": "encoder.layers.{i}.self_attn.v_proj",
    "attention.output": "encoder.layers.{i}.self_attn.out_proj",
    "attention.norm_before": "encoder.layers.{i}.layer_norm1",
    "mlp.up": "encoder.layers.{i}.mlp.fc1",
    "mlp.activation": "encoder.layers.{i}.mlp.activation_fn",
    "mlp.down": "encoder.layers.{i}.mlp.fc2",
    "mlp.norm_before": "encoder.layers.{i}.layer_norm2",
}
TABLES = {"token": "embeddings.token_embedding", "position": "embeddings.position_embedding"}


def spec(config: Config) -> ModelSpec:
    """CLIP's text model, which sees what came before alone."""
    return ModelSpec(decoder=stack(config, "decoder"))


def stack(config: Config, kind: Literal["encoder", "decoder"]) -> StackSpec:
    """A pre-norm stack with learned positions."""
    config.ignore(*IDLE)
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    n_heads, size = config.whole("num_attention_heads"), config.whole("max_position_embeddings")
    norm, right = (
        NormSpec("layer", config.number("layer_norm_eps")),
        0 if kind == "decoder" else None,
    )
    layer = LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=right),
        MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act")),
        norm,
        ("before",),
    )
    positions = PositionSpec("learned", size)
    embedding = EmbeddingSpec(config.whole("vocab_size"), d_model, positions=positions)
    layers = (layer,) * config.depth("num_hidden_layers")
    return StackSpec(kind, d_model, embedding, layers, norm, max_positions=size)


def tensors(config: Config) -> Names:
    """Where CLIP keeps the tensors of its text model."""
    return names(config, "decoder")


def names(config: Config, kind: str) -> Names:
    """Names of a stack of this kind."""
    return (
        expand(kind, TABLES, bias=False)
        | expand(kind, {"norm": "final_layer_norm"})
        | expand(kind, LAYER, layers=config.depth("num_hidden_layers"))
    )
