"""BERT (Devlin et al. 2019): learned positions, segments, post-norm."""

from __future__ import annotations

from collections.abc import Mapping

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
from attnviz.families.names import Names, expand, table

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

REFUSED_UNLESS = {
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "is_encoder_decoder": False,
}

TOKENS = "embeddings.word_embeddings"
TABLES = {
    "position": "embeddings.position_embeddings",
    "type": "embeddings.token_type_embeddings",
}

LAYER = {
    "attention.query": "encoder.layer.{i}.attention.self.query",
    "attention.key": "encoder.layer.{i}.attention.self.key",
    "attention.value": "encoder.layer.{i}.attention.self.value",
    "attention.output": "encoder.layer.{i}.attention.output.dense",
    "attention.norm_after": "encoder.layer.{i}.attention.output.LayerNorm",
    "mlp.up": "encoder.layer.{i}.intermediate.dense",
    "mlp.activation": "encoder.layer.{i}.intermediate.intermediate_act_fn",
    "mlp.down": "encoder.layer.{i}.output.dense",
    "mlp.norm_after": "encoder.layer.{i}.output.LayerNorm",
}


def spec(config: Config) -> ModelSpec:
    """A BERT encoder."""
    size = config.whole("max_position_embeddings")
    positions = PositionSpec("learned", size)
    return ModelSpec(encoder=encoder(config, positions, size))


def encoder(
    config: Config,
    positions: PositionSpec | None,
    max_positions: int | None,
    *,
    n_types: int | None = None,
    d_embedding: int | None = None,
) -> StackSpec:
    """A post-norm encoder in BERT's words; ``d_embedding`` is d_model unless it is given."""
    config.refuse_unless(REFUSED_UNLESS)
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    n_heads = config.whole("num_attention_heads")
    norm = NormSpec("layer", config.number("layer_norm_eps"))
    layer = LayerSpec(
        attention=AttentionSpec(n_heads, n_heads, d_head, scale=d_head**-0.5),
        mlp=MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act")),
        norm=norm,
        norms=("after",),
    )
    embedding = EmbeddingSpec(
        vocab_size=config.whole("vocab_size"),
        d_embedding=d_embedding or d_model,
        positions=positions,
        n_types=config.whole("type_vocab_size", least=0) if n_types is None else n_types,
        norm=norm,
    )
    layers = (layer,) * config.depth("num_hidden_layers")
    return StackSpec("encoder", d_model, embedding, layers, max_positions=max_positions)


def tensors(config: Config) -> Names:
    """Where a BERT checkpoint keeps its tensors."""
    return names(config, head="cls.predictions.decoder", tables=TABLES)


def names(
    config: Config,
    *,
    head: str,
    tables: Mapping[str, str],
    layer: Mapping[str, str] = LAYER,
) -> Names:
    """BERT's names with these tables; the ``head`` that guesses tokens may share their table."""
    tokens = table(TOKENS, tied_to=[head] if config.tied() else [])
    return (
        expand("encoder", {**tokens, **tables}, bias=False)
        | expand("encoder", {"embedding_norm": "embeddings.LayerNorm"})
        | expand("encoder", layer, layers=config.depth("num_hidden_layers"))
    )
