"""MPNet (Song et al. 2020): BERT with bucketed distances added to the scores."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import Buckets, ModelSpec, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "mpnet"
DEFAULTS = {**bert.DEFAULTS, "vocab_size": 30527, "relative_attention_num_buckets": 32}

BUCKETS = Buckets(n_buckets=32, max_distance=128, bidirectional=True)
PAD = 1  # fixed in MPNet, whatever config.json says

LAYER = {
    **bert.LAYER,
    "attention.query": "encoder.layer.{i}.attention.attn.q",
    "attention.key": "encoder.layer.{i}.attention.attn.k",
    "attention.value": "encoder.layer.{i}.attention.attn.v",
    "attention.output": "encoder.layer.{i}.attention.attn.o",
    "attention.norm_after": "encoder.layer.{i}.attention.LayerNorm",
}


def spec(config: Config) -> ModelSpec:
    """An MPNet encoder."""
    config.refuse_unless({"relative_attention_num_buckets": BUCKETS.n_buckets})
    config.ignore("type_vocab_size")
    size = config.whole("max_position_embeddings")
    positions = PositionSpec("learned", size, pad_id=PAD)
    stack = bert.encoder(config, positions, size - PAD - 1, n_types=0)
    layers = tuple(
        replace(layer, attention=replace(layer.attention, bias=BUCKETS)) for layer in stack.layers
    )
    return ModelSpec(encoder=replace(stack, layers=layers))


def tensors(config: Config) -> Names:
    """Where an MPNet checkpoint keeps its tensors."""
    position, relative = bert.TABLES["position"], "encoder.relative_attention_bias"
    tables = {"position": position, "relative": relative}
    return bert.names(config, head="lm_head.decoder", tables=tables, layer=LAYER)
