"""DeBERTa's first version (He et al. 2021): DeBERTa-v2 with fused projections, no buckets."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import bert, deberta_v2
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, Stored, expand, fused

BASE = deberta_v2.BASE
DEFAULTS = {
    **deberta_v2.DEFAULTS,
    "vocab_size": 50265,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
REFUSED_UNLESS = {
    "talking_head": False,
    "position_buckets": -1,
    "share_att_key": False,
    "norm_rel_ebd": "none",
    "conv_kernel_size": 0,
}
SELF = "encoder.layer.{i}.attention.self"
BIASES = {"query": "q_bias", "value": "v_bias"}


def spec(config: Config) -> ModelSpec:
    """A DeBERTa encoder."""
    config.refuse_unless(REFUSED_UNLESS)
    return deberta_v2.spec(config)


def tensors(config: Config) -> Names:
    """Where a DeBERTa checkpoint keeps its tensors; keys have no bias, others one apart."""
    n_layers, n_heads = config.depth("num_hidden_layers"), config.whole("num_attention_heads")
    d_head = config.split("hidden_size", "num_attention_heads")[1]
    layer: dict[str, Module] = {
        **bert.LAYER,
        **fused(f"{SELF}.in_proj", QKV, (n_heads, (d_head,) * 3)),
    }
    if config.flag("relative_attention"):
        positions = {
            "c2p": ("attention.position_key", f"{SELF}.pos_proj"),
            "p2c": ("attention.position_query", f"{SELF}.pos_q_proj"),
        }
        layer |= dict(positions[kind] for kind in deberta_v2.kinds(config))
    head = "lm_predictions.lm_head.dense"
    found = bert.names(config, head=head, tables=deberta_v2.tables(config), layer={})
    bias = layer.keys() - {*QKV, "attention.position_key"}
    found |= expand("encoder", layer, layers=n_layers, bias=bias)
    return found | {
        f"encoder.{i}.attention.{ours}.bias": Stored(f"{SELF.replace('{i}', str(i))}.{theirs}")
        for i in range(n_layers)
        for ours, theirs in BIASES.items()
    }
