"""DistilBERT (Sanh et al. 2019): BERT without segments, its positions learned or sinusoidal."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionKind, PositionSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored, expand

BASE = "distilbert"
DEFAULTS = {
    "vocab_size": 30522,
    "dim": 768,
    "n_layers": 6,
    "n_heads": 12,
    "hidden_dim": 3072,
    "activation": "gelu",
    "max_position_embeddings": 512,
    "sinusoidal_pos_embds": False,
}
BERT_NAMES = {
    "hidden_size": "dim",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim",
    "hidden_act": "activation",
}

LAYER = {
    "attention.query": "transformer.layer.{i}.attention.q_lin",
    "attention.key": "transformer.layer.{i}.attention.k_lin",
    "attention.value": "transformer.layer.{i}.attention.v_lin",
    "attention.output": "transformer.layer.{i}.attention.out_lin",
    "attention.norm_after": "transformer.layer.{i}.sa_layer_norm",
    "mlp.up": "transformer.layer.{i}.ffn.lin1",
    "mlp.down": "transformer.layer.{i}.ffn.lin2",
    "mlp.norm_after": "transformer.layer.{i}.output_layer_norm",
}


def spec(config: Config) -> ModelSpec:
    """A DistilBERT encoder; its norms' epsilon is always 1e-12."""
    size = config.whole("max_position_embeddings")
    kind: PositionKind = "interleaved" if config.flag("sinusoidal_pos_embds") else "learned"
    renamed = {ours: config.get(theirs) for ours, theirs in BERT_NAMES.items()}
    as_bert = Config({**config.values, **renamed}, config.model_type, bert.DEFAULTS | DEFAULTS)
    stack = bert.encoder(as_bert, PositionSpec(kind, size), size, n_types=0)
    config.read |= as_bert.read
    return ModelSpec(encoder=stack)


def tensors(config: Config) -> Names:
    """Where a DistilBERT checkpoint keeps its tensors."""
    position = "embeddings.position_embeddings"
    sinusoidal = config.flag("sinusoidal_pos_embds")
    return (
        expand("encoder", {"token": "embeddings.word_embeddings"}, bias=False)
        | expand("encoder", {"position": Stored(position, optional=sinusoidal)}, bias=False)
        | expand("encoder", {"embedding_norm": "embeddings.LayerNorm"})
        | expand("encoder", LAYER, layers=config.whole("n_layers"))
    )
