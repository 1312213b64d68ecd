"""DistilBERT (Sanh et al. 2019): BERT without segments, its positions learned or sinusoidal."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionKind, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored, expand, table

BASE = "distilbert"
ALIASES = {
    "dim": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "hidden_dim": "intermediate_size",
    "activation": "hidden_act",
}
DEFAULTS = {
    **bert.DEFAULTS,
    "num_hidden_layers": 6,
    "sinusoidal_pos_embds": False,
}

LAYER = {
    "attention.query": "transformer.layer.{i}.attention.q_lin",
    "attention.key": "transformer.layer.{i}.attention.k_lin",
    "attention.value": "transformer.layer.{i}.attention.v_lin",
    "attention.output": "transformer.layer.{i}.attention.out_lin",
    "attention.norm_after": "transformer.layer.{i}.sa_layer_norm",
    "mlp.up": "transformer.layer.{i}.ffn.lin1",
    "mlp.activation": "transformer.layer.{i}.ffn.activation",
    "mlp.down": "transformer.layer.{i}.ffn.lin2",
    "mlp.norm_after": "transformer.layer.{i}.output_layer_norm",
}


def spec(config: Config) -> ModelSpec:
    """A DistilBERT encoder."""
    size = config.whole("max_position_embeddings")
    kind: PositionKind = "interleaved" if config.flag("sinusoidal_pos_embds") else "learned"
    return ModelSpec(encoder=bert.encoder(config, PositionSpec(kind, size), size, n_types=0))


def tensors(config: Config) -> Names:
    """Where a DistilBERT checkpoint keeps its tensors."""
    heads = ["vocab_projector"] if config.tied() else []
    sinusoidal = config.flag("sinusoidal_pos_embds")
    position = Stored(bert.TABLES["position"], optional=sinusoidal)
    return (
        expand("encoder", table(bert.TOKENS, tied_to=heads) | {"position": position}, bias=False)
        | expand("encoder", {"embedding_norm": "embeddings.LayerNorm"})
        | expand("encoder", LAYER, layers=config.depth("num_hidden_layers"))
    )
