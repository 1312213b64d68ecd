"""GPT-2 (Radford et al. 2019): learned positions, pre-norm, weights stored (in, out)."""

from __future__ import annotations

from dataclasses import replace

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
from attnviz.families.names import QKV, Module, Names, Part, Stored, expand, vocabulary

BASE = "transformer"
ALIASES = {
    "hidden_size": "n_embd",
    "max_position_embeddings": "n_positions",
    "num_attention_heads": "n_head",
    "num_hidden_layers": "n_layer",
}
DEFAULTS = {
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
}

LAYER: dict[str, Module] = {
    "attention.norm_before": "h.{i}.ln_1",
    "attention.output": Stored("h.{i}.attn.c_proj", transposed=True),
    "mlp.norm_before": "h.{i}.ln_2",
    "mlp.up": Stored("h.{i}.mlp.c_fc", transposed=True),
    "mlp.activation": "h.{i}.mlp.act",
    "mlp.down": Stored("h.{i}.mlp.c_proj", transposed=True),
}
CROSS: dict[str, Module] = {
    "cross.norm_before": "h.{i}.ln_cross_attn",
    "cross.query": Stored("h.{i}.crossattention.q_attn", transposed=True),
    "cross.output": Stored("h.{i}.crossattention.c_proj", transposed=True),
}


def spec(config: Config) -> ModelSpec:
    """A GPT-2 decoder."""
    config.refuse_unless({"add_cross_attention": config.crossing, "is_causal": True})
    config.ignore("n_ctx", "reorder_and_upcast_attn", "is_decoder")
    d_model, d_head = config.split("n_embd", "n_head")
    n_heads, size = config.whole("n_head"), config.whole("n_positions")
    norm = NormSpec("layer", config.number("layer_norm_epsilon"))
    scale = d_head**-0.5 if config.flag("scale_attn_weights") else 1.0
    layer = LayerSpec(
        attention=AttentionSpec(n_heads, n_heads, d_head, scale, right=0),
        cross=AttentionSpec(n_heads, n_heads, d_head, scale) if config.crossing else None,
        mlp=MLPSpec(config.whole("n_inner", 4 * d_model), config.activation("activation_function")),
        norm=norm,
        norms=("before",),
    )
    shrinking = config.flag("scale_attn_by_inverse_layer_idx")
    depth = config.depth("n_layer")
    layers = tuple(_scaled(layer, scale / (i + 1) if shrinking else scale) for i in range(depth))
    vocab_size = config.whole("vocab_size")
    embedding = EmbeddingSpec(vocab_size, d_model, positions=PositionSpec("learned", size))
    stack = StackSpec("decoder", d_model, embedding, layers, norm, max_positions=size)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def _scaled(layer: LayerSpec, scale: float) -> LayerSpec:
    """The layer with its scores multiplied by ``scale``."""
    cross = layer.cross and replace(layer.cross, scale=scale)
    return replace(layer, attention=replace(layer.attention, scale=scale), cross=cross)


def tensors(config: Config) -> Names:
    """Where a GPT-2 checkpoint keeps its tensors; queries, keys and values are one."""
    d_model = config.whole("n_embd")
    qkv = parts("h.{i}.attn.c_attn", QKV, d_model)
    if config.crossing:
        keys = parts("h.{i}.crossattention.c_attn", ("cross.key", "cross.value"), d_model)
        qkv |= CROSS | keys
    return (
        vocabulary("decoder", "wte", "lm_head", tied=config.tied())
        | expand("decoder", {"position": "wpe"}, bias=False)
        | expand("decoder", {"norm": "ln_f"})
        | expand("decoder", LAYER | qkv, layers=config.depth("n_layer"))
    )


def parts(theirs: str, ours: tuple[str, ...], d_model: int) -> dict[str, Module]:
    """Several of our modules in one of theirs, which is stored (in, out)."""
    sizes = (d_model,) * len(ours)
    return {
        name: Stored(theirs, transposed=True, part=Part(1, sizes, index))
        for index, name in enumerate(ours)
    }
