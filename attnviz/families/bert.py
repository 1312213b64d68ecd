"""BERT (Devlin et al. 2019): learned positions, segments, post-norm."""

from __future__ import annotations

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

BASE = "bert"

REFUSED_UNLESS = {
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "is_encoder_decoder": False,
}

EMBEDDINGS = {
    "token": "embeddings.word_embeddings",
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
    "mlp.down": "encoder.layer.{i}.output.dense",
    "mlp.norm_after": "encoder.layer.{i}.output.LayerNorm",
}


def spec(config: Config) -> ModelSpec:
    """The stack of a BERT encoder."""
    config.refuse_unless(REFUSED_UNLESS)
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    n_heads, size = config.whole("num_attention_heads"), config.whole("max_position_embeddings")
    norm = NormSpec("layer", config.number("layer_norm_eps", 1e-12))
    layer = LayerSpec(
        attention=AttentionSpec(n_heads, n_heads, d_head, scale=d_head**-0.5),
        mlp=MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act", "gelu")),
        norm=norm,
        norms=("after",),
    )
    embedding = EmbeddingSpec(
        vocab_size=config.whole("vocab_size"),
        d_embedding=d_model,
        positions=PositionSpec("learned", size),
        n_types=config.whole("type_vocab_size", 2),
        norm=norm,
    )
    layers = (layer,) * config.whole("num_hidden_layers")
    return ModelSpec(encoder=StackSpec("encoder", d_model, embedding, layers, max_positions=size))


def tensors(config: Config) -> Names:
    """Where a BERT checkpoint keeps its tensors."""
    return (
        expand("encoder", EMBEDDINGS, bias=False)
        | expand("encoder", {"embedding_norm": "embeddings.LayerNorm"})
        | expand("encoder", LAYER, layers=config.whole("num_hidden_layers"))
    )
