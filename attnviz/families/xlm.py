"""XLM (Lample & Conneau 2019): BERT over many languages, with its own names."""

from __future__ import annotations

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    PositionSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import Names, expand, table

BASE = "transformer"
ALIASES = {
    "hidden_size": "emb_dim",
    "num_attention_heads": "n_heads",
    "num_hidden_layers": "n_layers",
    "n_words": "vocab_size",
    "bos_index": "bos_token_id",
    "eos_index": "eos_token_id",
    "pad_index": "pad_token_id",
}
DEFAULTS = {
    "vocab_size": 30145,
    "emb_dim": 2048,
    "n_layers": 12,
    "n_heads": 16,
    "gelu_activation": True,
    "causal": False,
    "max_position_embeddings": 512,
    "layer_norm_eps": 1e-12,
}
IDLE = (
    "asm", "embed_init_std", "end_n_top", "id2lang", "is_encoder", "lang2id", "lang_id",
    "mask_index", "n_langs", "sinusoidal_embeddings", "start_n_top", "unk_index", "use_lang_emb",
)  # fmt: skip
"""No language is added to a text of which nobody says the language, as in transformers."""

LAYER = {
    "attention.query": "attentions.{i}.q_lin",
    "attention.key": "attentions.{i}.k_lin",
    "attention.value": "attentions.{i}.v_lin",
    "attention.output": "attentions.{i}.out_lin",
    "attention.norm_after": "layer_norm1.{i}",
    "mlp.up": "ffns.{i}.lin1",
    "mlp.down": "ffns.{i}.lin2",
    "mlp.norm_after": "layer_norm2.{i}",
}


def spec(config: Config) -> ModelSpec:
    """An XLM encoder, or a decoder where it is causal."""
    config.refuse_unless({"is_encoder": True})
    config.ignore(*IDLE)
    (d_model, d_head), n_heads = config.split("emb_dim", "n_heads"), config.whole("n_heads")
    size, norm = (
        config.whole("max_position_embeddings"),
        NormSpec("layer", config.number("layer_norm_eps")),
    )
    right = 0 if config.flag("causal") else None
    layer = LayerSpec(
        AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=right),
        MLPSpec(4 * d_model, "gelu" if config.flag("gelu_activation") else "relu"),
        norm,
        ("after",),
    )
    positions, vocab_size = PositionSpec("learned", size), config.whole("vocab_size")
    embedding = EmbeddingSpec(vocab_size, d_model, positions=positions, norm=norm)
    layers = (layer,) * config.depth("n_layers")
    if right is None:
        return ModelSpec(StackSpec("encoder", d_model, embedding, layers, max_positions=size))
    return ModelSpec(decoder=StackSpec("decoder", d_model, embedding, layers, max_positions=size))


def tensors(config: Config) -> Names:
    """Where an XLM checkpoint keeps its tensors."""
    stack = "decoder" if config.flag("causal") else "encoder"
    tokens = table("embeddings", tied_to=["pred_layer.proj"] if config.tied() else [])
    return (
        expand(stack, {**tokens, "position": "position_embeddings"}, bias=False)
        | expand(stack, {"embedding_norm": "layer_norm_emb"})
        | expand(stack, LAYER, layers=config.depth("n_layers"))
    )
