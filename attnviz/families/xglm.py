"""XGLM (Lin et al. 2022): GPT over many languages, with sinusoidal positions."""

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
from attnviz.families.names import Names, Stored, expand, vocabulary

BASE = "model"
ALIASES = {
    "num_attention_heads": "attention_heads",
    "hidden_size": "d_model",
    "num_hidden_layers": "num_layers",
}
DEFAULTS = {
    "vocab_size": 256008,
    "max_position_embeddings": 2048,
    "d_model": 1024,
    "ffn_dim": 4096,
    "num_layers": 24,
    "attention_heads": 16,
    "activation_function": "gelu",
    "scale_embedding": True,
}
OFFSET = 2
NORM = NormSpec("layer", 1e-5)
LAYER = {
    "attention.query": "layers.{i}.self_attn.q_proj",
    "attention.key": "layers.{i}.self_attn.k_proj",
    "attention.value": "layers.{i}.self_attn.v_proj",
    "attention.output": "layers.{i}.self_attn.out_proj",
    "attention.norm_before": "layers.{i}.self_attn_layer_norm",
    "mlp.up": "layers.{i}.fc1",
    "mlp.activation": "layers.{i}.activation_fn",
    "mlp.down": "layers.{i}.fc2",
    "mlp.norm_before": "layers.{i}.final_layer_norm",
}


def spec(config: Config) -> ModelSpec:
    """An XGLM decoder."""
    config.refuse_unless({"add_cross_attention": False})
    (d_model, d_head), n_heads = (
        config.split("d_model", "attention_heads"),
        config.whole("attention_heads"),
    )
    mlp = MLPSpec(config.whole("ffn_dim"), config.activation("activation_function"))
    size = config.whole("max_position_embeddings")
    attention = AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=0)
    positions = PositionSpec("fairseq", size + OFFSET, offset=OFFSET)
    return decoder(config, attention, mlp, positions, config.depth("num_layers"), d_model)


def decoder(
    config: Config,
    attention: AttentionSpec,
    mlp: MLPSpec,
    positions: PositionSpec,
    depth: int,
    d_model: int,
) -> ModelSpec:
    """A pre-norm decoder whose embeddings may be scaled and whose norms have one epsilon."""
    vocab_size = config.whole("vocab_size")
    scale = d_model**0.5 if config.flag("scale_embedding") else 1.0
    embedding = EmbeddingSpec(vocab_size, d_model, scale, positions)
    layer = LayerSpec(attention, mlp, NORM, ("before",))
    size = None if positions.kind == "fairseq" else positions.size - OFFSET
    stack = StackSpec("decoder", d_model, embedding, (layer,) * depth, NORM, max_positions=size)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def tensors(config: Config) -> Names:
    """Where an XGLM checkpoint keeps its tensors; its sinusoids are left out."""
    config.ignore("max_position_embeddings")
    return names(config, config.depth("num_layers"), "lm_head", optional=True)


def names(config: Config, depth: int, head: str, *, optional: bool) -> Names:
    """Names of a decoder, whose positions may be ``optional``."""
    return (
        vocabulary("decoder", "embed_tokens", head, tied=config.tied())
        | expand("decoder", {"position": Stored("embed_positions", optional=optional)}, bias=False)
        | expand("decoder", {"norm": "layer_norm"})
        | expand("decoder", LAYER, layers=depth)
    )
