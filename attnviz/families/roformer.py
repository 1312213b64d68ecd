"""RoFormer (Su et al. 2021): BERT with rotary positions."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec, Projected, Rotary
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, expand
from attnviz.families.rope import even

BASE = "roformer"
DEFAULTS = {**bert.DEFAULTS, "vocab_size": 50000, "max_position_embeddings": 1536}


def spec(config: Config) -> ModelSpec:
    """A RoFormer encoder, or a decoder where the config says so."""
    config.refuse_unless({"rotary_value": False})
    width = config.whole("embedding_size", config.whole("hidden_size"))
    size = config.whole("max_position_embeddings")
    stack = bert.stack(config, None, size, d_embedding=width)
    turned = Rotary(even(stack.layers[0].attention.d_head), interleaved=True)
    layers = tuple(
        replace(layer, attention=replace(layer.attention, rotary=turned)) for layer in stack.layers
    )
    project: Projected | None = None if width == stack.d_model else "normed"
    embedding = replace(stack.embedding, project=project)
    return bert.model(replace(stack, embedding=embedding, layers=layers))


def tensors(config: Config) -> Names:
    """Where a RoFormer checkpoint keeps its tensors; its sinusoids are computed."""
    tables = {"type": bert.TABLES["type"]}
    found = bert.names(config, head="cls.predictions.decoder", tables=tables)
    d_model = config.whole("hidden_size")
    if config.whole("embedding_size", d_model) == d_model:
        return found
    return found | expand(bert.kind(config), {"project": "embeddings_project"})
