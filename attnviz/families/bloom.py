"""BLOOM (Le Scao et al. 2022): ALiBi instead of positions, normed embeddings."""

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

BASE = "transformer"
ALIASES = {
    "num_hidden_layers": "n_layer",
    "num_attention_heads": "n_head",
    "n_embed": "hidden_size",
}
DEFAULTS = {
    "vocab_size": 250880,
    "hidden_size": 64,
    "n_layer": 2,
    "n_head": 8,
    "layer_norm_epsilon": 1e-5,
    "apply_residual_connection_post_layernorm": False,
}

LAYER = {
    "attention.norm_before": "h.{i}.input_layernorm",
    "attention.output": "h.{i}.self_attention.dense",
    "mlp.norm_before": "h.{i}.post_attention_layernorm",
    "mlp.up": "h.{i}.mlp.dense_h_to_4h",
    "mlp.down": "h.{i}.mlp.dense_4h_to_h",
}


def spec(config: Config) -> ModelSpec:
    """A BLOOM decoder."""
    config.refuse_unless({"is_causal": True})
    config.ignore(
        "n_inner", "slow_but_exact", "seq_length", "offset_alibi", "masked_softmax_fusion"
    )
    config.ignore("attention_softmax_in_fp32", "bias_dropout_fusion", "skip_bias_add")
    config.ignore("skip_bias_add_qkv", "unk_token_id")
    d_model, d_head = config.split("hidden_size", "n_head")
    n_heads, norm = config.whole("n_head"), NormSpec("layer", config.number("layer_norm_epsilon"))
    layer = LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=0, bias=ALiBi()),
        MLPSpec(4 * d_model, "gelu_new"),
        norm,
        norms=("before",),
        residual_after_norm=config.flag("apply_residual_connection_post_layernorm"),
    )
    vocab_size, layers = config.whole("vocab_size"), (layer,) * config.depth("n_layer")
    embedding = EmbeddingSpec(vocab_size, d_model, norm=norm)
    stack = StackSpec("decoder", d_model, embedding, layers, norm)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def tensors(config: Config) -> Names:
    """Where a BLOOM checkpoint keeps its tensors; each head has its q, k, v together."""
    _, d_head = config.split("hidden_size", "n_head")
    each_head = (config.whole("n_head"), (d_head,) * 3)
    layer = LAYER | fused("h.{i}.self_attention.query_key_value", QKV, each_head)
    return (
        vocabulary("decoder", "word_embeddings", "lm_head", tied=config.tied())
        | expand("decoder", {"embedding_norm": "word_embeddings_layernorm", "norm": "ln_f"})
        | expand("decoder", layer, layers=config.depth("n_layer"))
    )
