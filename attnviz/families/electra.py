"""ELECTRA (Clark et al. 2020), generator or discriminator: BERT with narrow embeddings."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, expand

BASE = "electra"
DEFAULTS = {
    **bert.DEFAULTS,
    "embedding_size": 128,
    "hidden_size": 256,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
}


def spec(config: Config) -> ModelSpec:
    """An ELECTRA encoder; embeddings are projected where their size is not hidden_size."""
    size = config.whole("max_position_embeddings")
    stack = bert.encoder(
        config,
        PositionSpec("learned", size),
        size,
        d_embedding=config.whole("embedding_size"),
    )
    if not _projected(config):
        return ModelSpec(encoder=stack)
    return ModelSpec(encoder=replace(stack, embedding=replace(stack.embedding, project="normed")))


def tensors(config: Config) -> Names:
    """Where an ELECTRA checkpoint keeps its tensors."""
    projection = {"project": "embeddings_project"} if _projected(config) else {}
    names = bert.names(config, head="generator_lm_head", tables=bert.TABLES)
    return names | expand("encoder", projection)


def _projected(config: Config) -> bool:
    return config.whole("embedding_size") != config.whole("hidden_size")
