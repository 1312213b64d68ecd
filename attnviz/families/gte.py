"""GTE (Zhang et al. 2024): BERT with rotary positions and a gated MLP."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import nomic_bert
from attnviz.families.config import Config
from attnviz.families.names import Module, Names, fused

BASE = "gte"
ALSO_BASE = ("new",)
DEFAULTS = {
    **nomic_bert.DEFAULTS,
    "vocab_size": 250048,
    "hidden_act": "gelu",
    "max_position_embeddings": 8192,
    "type_vocab_size": 1,
    "rope_theta": 160000.0,
}
LAYER: dict[str, Module] = {
    "attention.output": "encoder.layer.{i}.attention.o_proj",
    "attention.norm_after": "encoder.layer.{i}.attn_ln",
    "mlp.activation": "encoder.layer.{i}.mlp.act_fn",
    "mlp.down": "encoder.layer.{i}.mlp.down_proj",
    "mlp.norm_after": "encoder.layer.{i}.mlp_ln",
}


def spec(config: Config) -> ModelSpec:
    """A GTE encoder."""
    config.refuse_unless({"position_embedding_type": "rope"})
    return ModelSpec(encoder=nomic_bert.encoder(config))


def tensors(config: Config) -> Names:
    """Where a GTE checkpoint keeps its tensors: up and gate are one, which has no bias."""
    d_ff = config.whole("intermediate_size")
    gated = fused("encoder.layer.{i}.mlp.up_gate_proj", ("mlp.up", "mlp.gate"), (1, (d_ff, d_ff)))
    apart = LAYER | nomic_bert.projections(config, "encoder.layer.{i}.attention.qkv_proj")
    norm, head = "embeddings.LayerNorm", "lm_head.decoder"
    return nomic_bert.names(config, {**apart, **gated}, bias=apart, norm=norm, head=head)
