"""GPT-NeoX and Pythia (Black et al. 2022): partial rotary positions, parallel residual."""

from __future__ import annotations

from attnviz.core.spec import (
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

BASE = "gpt_neox"
DEFAULTS = {
    "vocab_size": 50432,
    "hidden_size": 6144,
    "num_hidden_layers": 44,
    "num_attention_heads": 64,
    "intermediate_size": 24576,
    "hidden_act": "gelu",
    "max_position_embeddings": 2048,
    "layer_norm_eps": 1e-5,
    "use_parallel_residual": True,
    "rotary_pct": 0.25,
    "rotary_emb_base": 10000,
    "attention_bias": True,
    "tie_word_embeddings": False,
}

SAID_TWICE = {"rope_theta": "rotary_emb_base", "partial_rotary_factor": "rotary_pct"}

LAYER = {
    "attention.norm_before": "layers.{i}.input_layernorm",
    "attention.output": "layers.{i}.attention.dense",
    "mlp.norm_before": "layers.{i}.post_attention_layernorm",
    "mlp.up": "layers.{i}.mlp.dense_h_to_4h",
    "mlp.activation": "layers.{i}.mlp.act",
    "mlp.down": "layers.{i}.mlp.dense_4h_to_h",
}


def spec(config: Config) -> ModelSpec:
    """A GPT-NeoX decoder."""
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    config.refuse_unless({"is_causal": True, "head_dim": d_head})
    config.refuse_unless({ours: config.get(theirs) for ours, theirs in SAID_TWICE.items()})
    config.ignore("max_position_embeddings", "is_decoder")
    n_heads = config.whole("num_attention_heads")
    norm = NormSpec("layer", config.number("layer_norm_eps"))
    rotation = rotary(config, d_head, theta="rotary_emb_base", partial="rotary_pct")
    layer = LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=0, rotary=rotation),
        MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act")),
        norm,
        norms=("before",),
        parallel=config.flag("use_parallel_residual"),
    )
    vocab_size, n_layers = config.whole("vocab_size"), config.depth("num_hidden_layers")
    embedding = EmbeddingSpec(vocab_size, d_model)
    stack = StackSpec("decoder", d_model, embedding, (layer,) * n_layers, norm)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def tensors(config: Config) -> Names:
    """Where a GPT-NeoX checkpoint keeps its tensors; each head has its q, k, v together."""
    _, d_head = config.split("hidden_size", "num_attention_heads")
    each_head = (config.whole("num_attention_heads"), (d_head,) * 3)
    layer = LAYER | fused("layers.{i}.attention.query_key_value", QKV, each_head)
    unbiased = set() if config.flag("attention_bias") else {*QKV, "attention.output"}
    n_layers = config.depth("num_hidden_layers")
    return (
        vocabulary("decoder", "embed_in", "embed_out", tied=config.tied())
        | expand("decoder", {"norm": "final_layer_norm"})
        | expand("decoder", layer, layers=n_layers, bias=layer.keys() - unbiased)
    )
