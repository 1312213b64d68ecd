"""RoBERTa-PreLayerNorm (Ott et al. 2019): RoBERTa with norms before its sublayers."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import bert, roberta
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "roberta_prelayernorm"
DEFAULTS = roberta.DEFAULTS
NORMS = {
    "attention.norm_before": "encoder.layer.{i}.attention.LayerNorm",
    "mlp.norm_before": "encoder.layer.{i}.intermediate.LayerNorm",
}


def spec(config: Config) -> ModelSpec:
    """A RoBERTa-PreLayerNorm encoder."""
    return bert.model(bert.norms_before(roberta.stack(config), embedding_norm=True))


def tensors(config: Config) -> Names:
    """Where a RoBERTa-PreLayerNorm checkpoint keeps its tensors."""
    return bert.names(
        config,
        head="lm_head.decoder",
        tables=bert.TABLES,
        layer=bert.SUBLAYERS | NORMS,
        norms={"embedding_norm": bert.EMBEDDING_NORM, "norm": "LayerNorm"},
    )
