"""Nomic BERT (Nussbaum et al. 2024): BERT with rotary positions and a gated MLP, without biases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from attnviz.core.spec import EmbeddingSpec, LayerSpec, MLPSpec, ModelSpec, NormSpec, StackSpec
from attnviz.families import bert, llama
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, expand, fused, table

BASE = "nomic_bert"
ALSO_BASE = ("bert",)
ALIASES = {
    "n_embd": "hidden_size",
    "n_head": "num_attention_heads",
    "n_inner": "intermediate_size",
    "n_layer": "num_hidden_layers",
    "n_positions": "max_position_embeddings",
    "layer_norm_epsilon": "layer_norm_eps",
    "rotary_emb_base": "rope_theta",
}
"""The names that Nomic gave to keys before transformers gave them its own."""

DEFAULTS = {
    **bert.DEFAULTS,
    "vocab_size": 30528,
    "hidden_act": "silu",
    "max_position_embeddings": 2048,
    "rope_theta": 1000.0,
}
REFUSED_UNLESS = {
    "activation_function": "swiglu",
    "causal": False,
    "parallel_block": False,
    "prenorm": False,
    "use_rms_norm": False,
    "rotary_emb_fraction": 1.0,
    "rotary_emb_interleaved": False,
    "rotary_emb_scale_base": None,
    "rotary_scaling_factor": None,
    "qkv_proj_bias": False,
    "mlp_fc1_bias": False,
    "mlp_fc2_bias": False,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "use_cross_attention": False,
}
IDLE = (
    "dense_seq_output", "fused_bias_fc", "fused_dropout_add_ln", "max_trained_positions",
    "pad_vocab_size_multiple", "reorder_and_upcast_attn", "use_xentropy",
)  # fmt: skip
NORMS = {
    "attention.norm_after": "encoder.layers.{i}.norm1",
    "mlp.norm_after": "encoder.layers.{i}.norm2",
}
LAYER: dict[str, Module] = {
    **NORMS,
    "attention.output": "encoder.layers.{i}.attn.out_proj",
    "mlp.gate": "encoder.layers.{i}.mlp.fc12",
    "mlp.up": "encoder.layers.{i}.mlp.fc11",
    "mlp.activation": "encoder.layers.{i}.mlp.act_fn",
    "mlp.down": "encoder.layers.{i}.mlp.fc2",
}


def spec(config: Config) -> ModelSpec:
    """A Nomic BERT encoder."""
    config.refuse_unless(REFUSED_UNLESS)
    config.ignore(*IDLE)
    return ModelSpec(encoder=encoder(config))


def encoder(config: Config) -> StackSpec:
    """A post-norm encoder with rotary positions and a gated MLP."""
    d_model, norm = config.whole("hidden_size"), NormSpec("layer", config.number("layer_norm_eps"))
    n_types, d_ff = config.whole("type_vocab_size", least=0), config.whole("intermediate_size")
    layer = LayerSpec(
        replace(llama.attention(config), left=None, right=None),
        MLPSpec(d_ff, config.activation("hidden_act"), gated=True),
        norm,
        ("after",),
    )
    config.ignore("max_position_embeddings")
    embedding = EmbeddingSpec(config.whole("vocab_size"), d_model, n_types=n_types, norm=norm)
    layers = (layer,) * config.depth("num_hidden_layers")
    return StackSpec("encoder", d_model, embedding, layers)


def tensors(config: Config) -> Names:
    """Where a Nomic BERT checkpoint keeps its tensors; norms alone have biases."""
    layer = LAYER | projections(config, "encoder.layers.{i}.attn.Wqkv")
    return names(config, layer, bias=NORMS, norm="emb_ln", head="cls.predictions.decoder")


def projections(config: Config, theirs: str) -> dict[str, Module]:
    """Queries, keys and values in one module."""
    n_heads, n_kv_heads, d_head = config.grouped_heads()
    return fused(theirs, QKV, (1, tuple(n * d_head for n in (n_heads, n_kv_heads, n_kv_heads))))


def names(
    config: Config, layer: dict[str, Module], *, bias: Collection[str], norm: str, head: str
) -> Names:
    """Names of the embeddings, their norm and such layers."""
    tables = table(bert.TOKENS, tied_to=[head] if config.tied() else [])
    if config.whole("type_vocab_size", least=0):
        tables["type"] = bert.TABLES["type"]
    return (
        expand("encoder", tables, bias=False)
        | expand("encoder", {"embedding_norm": norm})
        | expand("encoder", layer, layers=config.depth("num_hidden_layers"), bias=bias)
    )
