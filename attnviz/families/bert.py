"""BERT (Devlin et al. 2019): learned positions, segments, post-norm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from attnviz.families.names import Module, Names, expand, table

BASE = "bert"

DEFAULTS = {
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}

REFUSED_UNLESS = {"position_embedding_type": "absolute", "is_encoder_decoder": False}
ONE_WAY = {"is_decoder": False, "add_cross_attention": False}

TOKENS = "embeddings.word_embeddings"
TABLES = {
    "position": "embeddings.position_embeddings",
    "type": "embeddings.token_type_embeddings",
}
EMBEDDING_NORM = "embeddings.LayerNorm"

SUBLAYERS = {
    "attention.query": "encoder.layer.{i}.attention.self.query",
    "attention.key": "encoder.layer.{i}.attention.self.key",
    "attention.value": "encoder.layer.{i}.attention.self.value",
    "attention.output": "encoder.layer.{i}.attention.output.dense",
    "mlp.up": "encoder.layer.{i}.intermediate.dense",
    "mlp.activation": "encoder.layer.{i}.intermediate.intermediate_act_fn",
    "mlp.down": "encoder.layer.{i}.output.dense",
}
LAYER = {
    **SUBLAYERS,
    "attention.norm_after": "encoder.layer.{i}.attention.output.LayerNorm",
    "mlp.norm_after": "encoder.layer.{i}.output.LayerNorm",
}
CROSS = {
    ours.replace("attention", "cross"): theirs.replace("attention", "crossattention", 1)
    for ours, theirs in LAYER.items()
    if ours.startswith("attention")
}


def spec(config: Config) -> ModelSpec:
    """A BERT encoder, or a decoder where the config says so."""
    size = config.whole("max_position_embeddings")
    return model(stack(config, PositionSpec("learned", size), size))


def model(stack: StackSpec) -> ModelSpec:
    """A model of one stack."""
    return ModelSpec(stack) if stack.kind == "encoder" else ModelSpec(decoder=stack)


def encoder(
    config: Config,
    positions: PositionSpec | None,
    max_positions: int | None,
    **changes: int,
) -> StackSpec:
    """A stack that can be nothing but an encoder."""
    config.refuse_unless(ONE_WAY)
    return stack(config, positions, max_positions, **changes)


def stack(
    config: Config,
    positions: PositionSpec | None,
    max_positions: int | None,
    *,
    n_types: int | None = None,
    d_embedding: int | None = None,
) -> StackSpec:
    """A post-norm stack in BERT's words; ``d_embedding`` is d_model unless it is given."""
    config.refuse_unless({**REFUSED_UNLESS, "add_cross_attention": config.crossing})
    d_model, norm = config.whole("hidden_size"), NormSpec("layer", config.number("layer_norm_eps"))
    embedding = EmbeddingSpec(
        vocab_size=config.whole("vocab_size"),
        d_embedding=d_embedding or d_model,
        positions=positions,
        n_types=config.whole("type_vocab_size", least=0) if n_types is None else n_types,
        norm=norm,
    )
    layers = (_layer(config, norm),) * config.depth("num_hidden_layers")
    return StackSpec(kind(config), d_model, embedding, layers, max_positions=max_positions)


def kind(config: Config) -> Literal["encoder", "decoder"]:
    """What the one stack is."""
    return "decoder" if config.flag("is_decoder", default=False) else "encoder"


def _layer(config: Config, norm: NormSpec) -> LayerSpec:
    """A layer, with cross attention where there is an encoder beside it."""
    d_head, n_heads = (
        config.split("hidden_size", "num_attention_heads")[1],
        config.whole("num_attention_heads"),
    )
    cross = AttentionSpec(n_heads, n_heads, d_head, scale=d_head**-0.5)
    return LayerSpec(
        attention=replace(cross, right=0 if kind(config) == "decoder" else None),
        mlp=MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act")),
        norm=norm,
        norms=("after",),
        cross=cross if config.crossing else None,
    )


def norms_before(stack: StackSpec, *, embedding_norm: bool) -> StackSpec:
    """The stack with its norms before the sublayers and at the end."""
    layers = tuple(replace(layer, norms=("before",)) for layer in stack.layers)
    norm = stack.embedding.norm
    embedding = stack.embedding if embedding_norm else replace(stack.embedding, norm=None)
    return replace(stack, embedding=embedding, layers=layers, norm=norm)


def tensors(config: Config) -> Names:
    """Where a BERT checkpoint keeps its tensors."""
    return names(config, head="cls.predictions.decoder", tables=TABLES)


def names(
    config: Config,
    *,
    head: str,
    tables: Mapping[str, str],
    layer: Mapping[str, Module] = LAYER,
    norms: Mapping[str, str] | None = None,
) -> Names:
    """BERT's names with these tables; the ``head`` that guesses tokens may share their table."""
    tokens, own = table(TOKENS, tied_to=[head] if config.tied() else []), kind(config)
    return (
        expand(own, {**tokens, **tables}, bias=False)
        | expand(own, norms or {"embedding_norm": EMBEDDING_NORM})
        | expand(
            own,
            {**layer, **(CROSS if config.crossing else {})},
            layers=config.depth("num_hidden_layers"),
        )
    )
