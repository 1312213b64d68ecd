"""GPT-J (Wang & Komatsuzaki 2021): interleaved rotary positions, attention beside the MLP."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    Rotary,
    StackSpec,
)
from attnviz.families import gpt2
from attnviz.families.config import Config
from attnviz.families.names import Module, Names, expand, vocabulary

BASE = "transformer"
ALIASES = gpt2.ALIASES
DEFAULTS = {
    "vocab_size": 50400,
    "n_positions": 2048,
    "n_embd": 4096,
    "n_layer": 28,
    "n_head": 16,
    "rotary_dim": 64,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": False,
}

LAYER = {
    "attention.norm_before": "h.{i}.ln_1",
    "attention.query": "h.{i}.attn.q_proj",
    "attention.key": "h.{i}.attn.k_proj",
    "attention.value": "h.{i}.attn.v_proj",
    "attention.output": "h.{i}.attn.out_proj",
    "mlp.up": "h.{i}.mlp.fc_in",
    "mlp.activation": "h.{i}.mlp.act",
    "mlp.down": "h.{i}.mlp.fc_out",
}


def spec(config: Config) -> ModelSpec:
    """A GPT-J decoder; attention and MLP share one norm."""
    config.refuse_unless({"is_causal": True})
    config.ignore("n_ctx", "rotary", "scale_attn_weights")
    d_model, d_head = config.split("n_embd", "n_head")
    n_heads, size, dims = (
        config.whole("n_head"),
        config.whole("n_positions"),
        config.whole("rotary_dim", least=2),
    )
    if dims > d_head or dims % 2:
        raise config.bad("rotary_dim", dims, f"an even number of at most {d_head}")
    norm = NormSpec("layer", config.number("layer_norm_epsilon"))
    rotation = Rotary(dims, interleaved=True)
    layer = LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=0, rotary=rotation),
        MLPSpec(config.whole("n_inner", 4 * d_model), config.activation("activation_function")),
        norm,
        norms=("before",),
        parallel=True,
        mlp_norm=False,
    )
    vocab_size, n_layers = config.whole("vocab_size"), config.depth("n_layer")
    embedding = EmbeddingSpec(vocab_size, d_model)
    layers = (layer,) * n_layers
    stack = StackSpec("decoder", d_model, embedding, layers, norm, max_positions=size)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size, bias=True))


def tensors(config: Config) -> Names:
    """Where a GPT-J checkpoint keeps its tensors."""
    return names(config, {})


def names(config: Config, changes: Mapping[str, Module]) -> Names:
    """GPT-J's names with these changes; attention has no biases."""
    bias = {"attention.norm_before", "mlp.up", "mlp.down"}
    tied = config.tied()
    return (
        vocabulary("decoder", "wte", "lm_head", tied=tied, bias=True)
        | expand("decoder", {"norm": "ln_f"})
        | expand("decoder", {**LAYER, **changes}, layers=config.depth("n_layer"), bias=bias)
    )
