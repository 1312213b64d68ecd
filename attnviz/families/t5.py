"""T5 (Raffel et al. 2020): bucketed distances instead of positions, no biases, RMS norm."""

from __future__ import annotations

from typing import Literal

from attnviz.core.spec import (
    AttentionSpec,
    Buckets,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import Names, expand, head, table

BASE = "transformer"  # in classifiers; the others have no prefix
ALIASES = {
    "hidden_size": "d_model",
    "num_attention_heads": "num_heads",
    "num_hidden_layers": "num_layers",
    "head_dim": "d_kv",
}
DEFAULTS = {
    "vocab_size": 32128,
    "d_model": 512,
    "d_kv": 64,
    "d_ff": 2048,
    "num_layers": 6,
    "num_heads": 8,
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
    "layer_norm_epsilon": 1e-6,
    "feed_forward_proj": "relu",
}
Side = Literal["encoder", "decoder"]
KINDS = ("T5", "MT5", "UMT5")
TABLES = ("shared", "encoder.embed_tokens", "decoder.embed_tokens", "lm_head")


def spec(config: Config) -> ModelSpec:
    """A T5 encoder and decoder; only T5's own logits are scaled by d_model ** -0.5."""
    config.refuse_unless({"is_decoder": False})
    config.ignore("is_encoder_decoder", "n_positions")
    config.ignore("num_decoder_layers", "scale_decoder_outputs")
    d_model, encoder = config.whole("d_model"), _stack(config, "encoder")
    if _sides(config) == ("encoder",):
        return ModelSpec(encoder)
    decoder = _stack(config, "decoder")
    scale = d_model**-0.5 if _scales_logits(config) else 1.0
    return ModelSpec(encoder, decoder, HeadSpec(config.whole("vocab_size"), scale))


def _sides(config: Config) -> tuple[Side, ...]:
    """The stacks of a checkpoint: those trained to embed texts kept the encoder alone."""
    alone = config.get("architectures") in [[f"{kind}EncoderModel"] for kind in KINDS]
    return ("encoder",) if alone else ("encoder", "decoder")


def _scales_logits(config: Config) -> bool:
    """T5 and UMT5 scale their logits unless their weights were not tied; mT5 never does."""
    if config.model_type == "mt5":
        return False
    stored = config.values.get("scale_decoder_outputs")
    return config.tied() if stored is None else config.flag("scale_decoder_outputs")


def _stack(config: Config, side: Side) -> StackSpec:
    n_layers = _depth(config, side)
    d_model, norm = config.whole("d_model"), NormSpec("rms", config.number("layer_norm_epsilon"))
    embedding = EmbeddingSpec(config.whole("vocab_size"), d_model)
    layer = _layer(config, side, norm)
    return StackSpec(side, d_model, embedding, (layer,) * n_layers, norm)


def _depth(config: Config, side: Side) -> int:
    both = config.depth("num_layers")
    return both if side == "encoder" else config.depth("num_decoder_layers", both)


def _layer(config: Config, side: Side, norm: NormSpec) -> LayerSpec:
    n_heads, d_head = config.whole("num_heads"), config.whole("d_kv")
    buckets = Buckets(
        config.whole("relative_attention_num_buckets", least=4),
        config.whole("relative_attention_max_distance", least=2),
        bidirectional=side == "encoder",
    )
    gated, act = _activation(config)
    decoder = side == "decoder"
    return LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, 1.0, right=0 if decoder else None, bias=buckets),
        MLPSpec(config.whole("d_ff"), act, gated),
        norm,
        ("before",),
        cross=AttentionSpec(n_heads, n_heads, d_head, 1.0) if decoder else None,
    )


def _activation(config: Config) -> tuple[bool, str]:
    """Whether the MLP is gated, and its activation: "gated-gelu" means gelu_new.

    Both follow from feed_forward_proj unless they are said again.
    """
    stored = config.text("feed_forward_proj")
    gated, _, act = stored.rpartition("-")
    if gated not in ("", "gated"):
        raise config.bad("feed_forward_proj", stored, "an activation, or gated- and one")
    key = "dense_act_fn" if config.has("dense_act_fn") else "feed_forward_proj"
    named = {
        "dense_act_fn": config.get("dense_act_fn"),
        "feed_forward_proj": "gelu_new" if stored == "gated-gelu" else act,
    }
    said = Config(named, config.model_type).activation(key)
    return config.flag("is_gated_act", gated == "gated"), said


def tensors(config: Config) -> Names:
    """Where a T5 checkpoint keeps its tensors; all embeddings are one table."""
    names: Names = {}
    for side in _sides(config):
        whole = table(f"{side}.embed_tokens", tied_to=TABLES) | {
            "relative": f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias",
            "norm": f"{side}.final_layer_norm",
        }
        layer, n_layers = _modules(config, side), _depth(config, side)
        names |= expand(side, whole, bias=False)
        names |= expand(side, layer, layers=n_layers, bias=False)
    return names | head("lm_head", tied_to=TABLES)


def _modules(config: Config, side: str) -> dict[str, str]:
    block = f"{side}.block.{{i}}.layer"
    kinds = {"attention": "0.SelfAttention"}
    if side == "decoder":
        kinds["cross"] = "1.EncDecAttention"
    mlp = f"{block}.{len(kinds)}"
    found = {
        f"{ours}.{name}": f"{block}.{theirs}.{name[0]}"
        for ours, theirs in kinds.items()
        for name in ("query", "key", "value", "output")
    }
    found |= {f"{ours}.norm_before": f"{block}.{its[0]}.layer_norm" for ours, its in kinds.items()}
    found |= {"mlp.norm_before": f"{mlp}.layer_norm", "mlp.down": f"{mlp}.DenseReluDense.wo"}
    found |= {"mlp.activation": f"{mlp}.DenseReluDense.act"}
    if _activation(config)[0]:
        gate, up = f"{mlp}.DenseReluDense.wi_0", f"{mlp}.DenseReluDense.wi_1"
        return found | {"mlp.gate": gate, "mlp.up": up}
    return found | {"mlp.up": f"{mlp}.DenseReluDense.wi"}
