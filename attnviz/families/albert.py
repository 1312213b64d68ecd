"""ALBERT (Lan et al. 2020): BERT whose layers share their weights in groups."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, expand

BASE = "albert"
DEFAULTS = {
    **bert.DEFAULTS,
    "vocab_size": 30000,
    "embedding_size": 128,
    "hidden_size": 4096,
    "num_hidden_groups": 1,
    "inner_group_num": 1,
    "num_attention_heads": 64,
    "intermediate_size": 16384,
    "hidden_act": "gelu_new",
}

MOST_INNER = 16
GROUP = "encoder.albert_layer_groups.{group}.albert_layers.{inner}"
LAYER = {
    "attention.query": "attention.query",
    "attention.key": "attention.key",
    "attention.value": "attention.value",
    "attention.output": "attention.dense",
    "attention.norm_after": "attention.LayerNorm",
    "mlp.up": "ffn",
    "mlp.activation": "activation",
    "mlp.down": "ffn_output",
    "mlp.norm_after": "full_layer_layer_norm",
}


def spec(config: Config) -> ModelSpec:
    """An ALBERT encoder: each hidden layer runs the inner layers of its group."""
    config.ignore("down_scale_factor", "gap_size", "layers_to_keep", "net_structure_type")
    config.ignore("num_memory_blocks")
    size = config.whole("max_position_embeddings")
    stack = bert.encoder(
        config, PositionSpec("learned", size), size, d_embedding=config.whole("embedding_size")
    )
    return ModelSpec(
        encoder=replace(
            stack,
            embedding=replace(stack.embedding, project="normed"),
            layers=stack.layers * config.whole("inner_group_num", most=MOST_INNER),
        )
    )


def tensors(config: Config) -> Names:
    """Where an ALBERT checkpoint keeps its tensors; several layers read the same ones."""
    n_layers, n_groups = config.depth("num_hidden_layers"), config.depth("num_hidden_groups")
    names = bert.names(config, head="predictions.decoder", tables=bert.TABLES, layer={})
    names |= expand("encoder", {"project": "encoder.embedding_hidden_mapping_in"})
    n_inner = config.whole("inner_group_num", most=MOST_INNER)
    for layer in range(n_layers * n_inner):
        group = int(layer // n_inner / (n_layers / n_groups))
        prefix = GROUP.format(group=group, inner=layer % n_inner)
        names |= expand(
            f"encoder.{layer}", {ours: f"{prefix}.{its}" for ours, its in LAYER.items()}
        )
    return names
