"""Megatron-BERT (Shoeybi et al. 2019): BERT with norms before its sublayers and at the end."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = bert.BASE
DEFAULTS = {
    **bert.DEFAULTS,
    "vocab_size": 29056,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
NORMS = {
    "attention.norm_before": "encoder.layer.{i}.attention.ln",
    "mlp.norm_before": "encoder.layer.{i}.ln",
}


def spec(config: Config) -> ModelSpec:
    """A Megatron-BERT encoder; its embeddings have no norm."""
    size = config.whole("max_position_embeddings")
    stack = bert.stack(config, PositionSpec("learned", size), size)
    return bert.model(bert.norms_before(stack, embedding_norm=False))


def tensors(config: Config) -> Names:
    """Where a Megatron-BERT checkpoint keeps its tensors."""
    return bert.names(
        config,
        head="cls.predictions.decoder",
        tables=bert.TABLES,
        layer=bert.SUBLAYERS | NORMS,
        norms={"norm": "encoder.ln"},
    )
