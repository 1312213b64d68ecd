"""OPT (Zhang et al. 2022): learned positions from 2 on, pre- or post-norm, narrow embeddings."""

from __future__ import annotations

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    PositionSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import Names, expand, vocabulary

BASE = "model"
DEFAULTS = {
    "vocab_size": 50272,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "ffn_dim": 3072,
    "max_position_embeddings": 2048,
    "do_layer_norm_before": True,
    "_remove_final_layer_norm": False,
    "num_attention_heads": 12,
    "activation_function": "relu",
    "enable_bias": True,
    "layer_norm_elementwise_affine": True,
}

OFFSET = 2
LAYER = {
    "attention.query": "decoder.layers.{i}.self_attn.q_proj",
    "attention.key": "decoder.layers.{i}.self_attn.k_proj",
    "attention.value": "decoder.layers.{i}.self_attn.v_proj",
    "attention.output": "decoder.layers.{i}.self_attn.out_proj",
    "mlp.up": "decoder.layers.{i}.fc1",
    "mlp.activation": "decoder.layers.{i}.activation_fn",
    "mlp.down": "decoder.layers.{i}.fc2",
}
NORMS = {
    "attention": "decoder.layers.{i}.self_attn_layer_norm",
    "mlp": "decoder.layers.{i}.final_layer_norm",
}


def spec(config: Config) -> ModelSpec:
    """An OPT decoder."""
    config.refuse_unless({"is_causal": True})
    config.ignore("output_projection")
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    n_heads, size = config.whole("num_attention_heads"), config.whole("max_position_embeddings")
    narrow = config.whole("word_embed_proj_dim", d_model)
    norm, before = NormSpec("layer", 1e-5), config.flag("do_layer_norm_before")
    layer = LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=0),
        MLPSpec(config.whole("ffn_dim"), config.activation("activation_function")),
        norm,
        norms=("before",) if before else ("after",),
    )
    vocab_size = config.whole("vocab_size")
    stack = StackSpec(
        "decoder",
        d_model,
        EmbeddingSpec(
            vocab_size,
            narrow,
            positions=PositionSpec("learned", size + OFFSET, offset=OFFSET),
            project="tokens" if narrow != d_model else None,
        ),
        (layer,) * config.depth("num_hidden_layers"),
        norm if _has_final_norm(config) else None,
        project_out=narrow if narrow != d_model else None,
        max_positions=size,
    )
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def _has_final_norm(config: Config) -> bool:
    return config.flag("do_layer_norm_before") and not config.flag("_remove_final_layer_norm")


def tensors(config: Config) -> Names:
    """Where an OPT checkpoint keeps its tensors."""
    n_layers, bias = config.depth("num_hidden_layers"), config.flag("enable_bias")
    tables = {"position": "decoder.embed_positions"}
    d_model = config.whole("hidden_size")
    if config.whole("word_embed_proj_dim", d_model) != d_model:
        tables |= {"project": "decoder.project_in", "project_out": "decoder.project_out"}
    names = expand("decoder", tables, bias=False)
    names |= expand("decoder", LAYER, layers=n_layers, bias=bias)
    if config.flag("layer_norm_elementwise_affine"):
        place = "before" if config.flag("do_layer_norm_before") else "after"
        norms = {f"{ours}.norm_{place}": theirs for ours, theirs in NORMS.items()}
        names |= expand("decoder", norms, layers=n_layers)
        if _has_final_norm(config):
            names |= expand("decoder", {"norm": "decoder.final_layer_norm"})
    tied = config.tied()
    return names | vocabulary("decoder", "decoder.embed_tokens", "lm_head", tied=tied)
