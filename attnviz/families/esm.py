"""ESM-2 (Lin et al. 2023): BERT over proteins, with norms before and rotary positions."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec, PositionSpec, Rotary
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import even

BASE = "esm"
DEFAULTS = {
    **bert.DEFAULTS,
    "vocab_size": None,
    "max_position_embeddings": 1026,
    "rope_theta": 10000.0,
    "position_embedding_type": "absolute",
    "token_dropout": False,
}
KEPT_IN_TRAINING = 1 - 0.15 * 0.8
"""The share of tokens that no mask hid, which every ESM was trained with."""

NORMS = {
    "attention.norm_before": "encoder.layer.{i}.attention.LayerNorm",
    "mlp.norm_before": "encoder.layer.{i}.LayerNorm",
}


def spec(config: Config) -> ModelSpec:
    """An ESM encoder; its embeddings may be as large as those it was trained on."""
    config.refuse_unless({"is_folding_model": False, "hidden_act": "gelu"})
    config.ignore("esmfold_config", "vocab_list", "rope_theta", "emb_layer_norm_before")
    size, rotated = config.whole("max_position_embeddings"), _rotated(config)
    pad = config.whole("pad_token_id", 0, least=0)
    positions = None if rotated else PositionSpec("learned", size, pad_id=pad)
    plain = Config({**config.values, "position_embedding_type": "absolute"}, "esm", DEFAULTS)
    found = bert.encoder(plain, positions, None if rotated else size - pad - 1, n_types=0)
    config.read |= plain.read
    stack = bert.norms_before(found, embedding_norm=_normed(config))
    if rotated:
        turned = Rotary(even(stack.layers[0].attention.d_head), config.number("rope_theta"))
        layer = stack.layers[0]
        layer = replace(layer, attention=replace(layer.attention, rotary=turned))
        stack = replace(stack, layers=(layer,) * len(stack.layers))
    if config.flag("token_dropout"):
        masked = config.whole("mask_token_id", least=0)
        embedding = replace(stack.embedding, scale=KEPT_IN_TRAINING, masked=masked)
        stack = replace(stack, embedding=embedding)
    return ModelSpec(stack)


def _rotated(config: Config) -> bool:
    kind = config.text("position_embedding_type")
    if kind not in ("absolute", "rotary"):
        raise config.unsupported("position_embedding_type", kind, "absolute and rotary")
    return kind == "rotary"


def _normed(config: Config) -> bool:
    return config.flag("emb_layer_norm_before", default=False)


def tensors(config: Config) -> Names:
    """Where an ESM checkpoint keeps its tensors."""
    tables = {} if _rotated(config) else {"position": bert.TABLES["position"]}
    norms = {"norm": "encoder.emb_layer_norm_after"}
    if _normed(config):
        norms["embedding_norm"] = "embeddings.layer_norm"
    layer = bert.SUBLAYERS | NORMS
    head = "lm_head.decoder"
    return bert.names(config, head=head, tables=tables, layer=layer, norms=norms)
