"""RemBERT (Chung et al. 2021): BERT over many languages, with narrow embeddings."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, expand

BASE = "rembert"
DEFAULTS = {
    **bert.DEFAULTS,
    "vocab_size": 250300,
    "hidden_size": 1152,
    "num_hidden_layers": 32,
    "num_attention_heads": 18,
    "input_embedding_size": 256,
    "intermediate_size": 4608,
    "tie_word_embeddings": False,
}


def spec(config: Config) -> ModelSpec:
    """A RemBERT encoder."""
    config.ignore("output_embedding_size")
    size, width = config.whole("max_position_embeddings"), config.whole("input_embedding_size")
    stack = bert.encoder(config, PositionSpec("learned", size), size, d_embedding=width)
    return bert.model(replace(stack, embedding=replace(stack.embedding, project="normed")))


def tensors(config: Config) -> Names:
    """Where a RemBERT checkpoint keeps its tensors."""
    projection = {"project": "encoder.embedding_hidden_mapping_in"}
    found = bert.names(config, head="cls.predictions.decoder", tables=bert.TABLES)
    return found | expand("encoder", projection)
