"""XLM-RoBERTa-XL (Goyal et al. 2021): XLM-RoBERTa with norms before its sublayers."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import bert, roberta
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = roberta.BASE
DEFAULTS = {
    **roberta.DEFAULTS,
    "vocab_size": 250880,
    "hidden_size": 2560,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "intermediate_size": 10240,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
}
NORMS = {
    "attention.norm_before": "encoder.layer.{i}.attention.self_attn_layer_norm",
    "mlp.norm_before": "encoder.layer.{i}.LayerNorm",
}


def spec(config: Config) -> ModelSpec:
    """An XLM-RoBERTa-XL encoder; its embeddings have no norm."""
    return bert.model(bert.norms_before(roberta.stack(config), embedding_norm=False))


def tensors(config: Config) -> Names:
    """Where an XLM-RoBERTa-XL checkpoint keeps its tensors."""
    return bert.names(
        config,
        head="lm_head.decoder",
        tables=bert.TABLES,
        layer=bert.SUBLAYERS | NORMS,
        norms={"norm": "encoder.LayerNorm"},
    )
