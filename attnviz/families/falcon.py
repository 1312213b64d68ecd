"""Falcon (Almazrouei et al. 2023): shared keys, rotary positions or ALiBi, parallel residual."""

from __future__ import annotations

from attnviz.core.spec import (
    ALiBi,
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import QKV, Names, expand, fused, vocabulary
from attnviz.families.rope import rotary

BASE = "transformer"
ALIASES = {"n_embed": "hidden_size"}
DEFAULTS = {
    "vocab_size": 65024,
    "hidden_size": 4544,
    "num_hidden_layers": 32,
    "num_attention_heads": 71,
    "layer_norm_epsilon": 1e-5,
    "alibi": False,
    "new_decoder_architecture": False,
    "multi_query": True,
    "parallel_attn": True,
    "bias": False,
    "max_position_embeddings": 2048,
    "activation": "gelu",
}

MODULES = {
    "attention.output": "h.{i}.self_attention.dense",
    "mlp.up": "h.{i}.mlp.dense_h_to_4h",
    "mlp.activation": "h.{i}.mlp.act",
    "mlp.down": "h.{i}.mlp.dense_4h_to_h",
}


def spec(config: Config) -> ModelSpec:
    """A Falcon decoder; ALiBi is added once, before the scale, as it was in training."""
    config.refuse_unless({"apply_residual_connection_post_layernorm": False, "is_causal": True})
    config.ignore("max_position_embeddings", "n_head_kv")
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    groups, sizes = _fused(config)
    norm, alibi = NormSpec("layer", config.number("layer_norm_epsilon")), config.flag("alibi")
    layer = LayerSpec(
        AttentionSpec(
            config.whole("num_attention_heads"),
            groups * sizes[1] // d_head,
            d_head,
            d_head**-0.5,
            right=0,
            rotary=None if alibi else rotary(config, d_head),
            bias=ALiBi(d_head**-0.5) if alibi else None,
        ),
        MLPSpec(config.whole("ffn_hidden_size", 4 * d_model), config.activation("activation")),
        norm,
        norms=("before",),
        parallel=config.flag("parallel_attn"),
        mlp_norm="mlp.norm_before" in _norms(config),
    )
    vocab_size, layers = config.whole("vocab_size"), (layer,) * config.depth("num_hidden_layers")
    stack = StackSpec("decoder", d_model, EmbeddingSpec(vocab_size, d_model), layers, norm)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def _fused(config: Config) -> tuple[int, tuple[int, int, int]]:
    """Groups and sizes of the fused queries, keys and values."""
    _, d_head = config.split("hidden_size", "num_attention_heads")
    n_heads = config.whole("num_attention_heads")
    n_kv_heads = config.whole("num_kv_heads", n_heads)
    multi_query = config.flag("multi_query")
    if config.flag("new_decoder_architecture"):
        if n_heads % n_kv_heads:
            raise config.bad("num_kv_heads", n_kv_heads, f"a divisor of {n_heads}")
        return n_kv_heads, (n_heads // n_kv_heads * d_head, d_head, d_head)
    return (1, (n_heads * d_head, d_head, d_head)) if multi_query else (n_heads, (d_head,) * 3)


def _norms(config: Config) -> dict[str, str]:
    """The norms of a layer: one before both, or one each."""
    new, parallel = config.flag("new_decoder_architecture"), config.flag("parallel_attn")
    count = config.get("num_ln_in_parallel_attn")
    count = (2 if new else 1) if count is None else count
    if (new and not parallel) or count not in (1, 2) or (count == 2 and parallel and not new):
        raise config.unsupported(
            "num_ln_in_parallel_attn", count, "1, or 2 with new_decoder_architecture, in parallel"
        )
    if not parallel:
        return {
            "attention.norm_before": "h.{i}.input_layernorm",
            "mlp.norm_before": "h.{i}.post_attention_layernorm",
        }
    if count == 1:
        return {"attention.norm_before": "h.{i}.input_layernorm"}
    return {"attention.norm_before": "h.{i}.ln_attn", "mlp.norm_before": "h.{i}.ln_mlp"}


def tensors(config: Config) -> Names:
    """Where a Falcon checkpoint keeps its tensors."""
    n_layers = config.depth("num_hidden_layers")
    modules = MODULES | fused("h.{i}.self_attention.query_key_value", QKV, _fused(config))
    return (
        vocabulary("decoder", "word_embeddings", "lm_head", tied=config.tied())
        | expand("decoder", {"norm": "ln_f"})
        | expand("decoder", _norms(config), layers=n_layers)
        | expand("decoder", modules, layers=n_layers, bias=config.flag("bias"))
    )
