"""MPT (MosaicML 2023): GPT with ALiBi, GELU and nothing added anywhere but the residuals."""

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
    "hidden_size": "d_model",
    "num_attention_heads": "n_heads",
    "num_hidden_layers": "n_layers",
}
DEFAULTS = {
    "vocab_size": 50368,
    "d_model": 2048,
    "n_heads": 16,
    "n_layers": 24,
    "max_seq_len": 2048,
    "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": True,
}
IDLE = ("init_device", "embedding_fraction", "norm_type", "emb_pdrop", "resid_pdrop", "verbose",
        "init_config", "fc_type", "ffn_config", "learned_pos_emb", "logit_scale",
        "expansion_ratio")  # fmt: skip
IDLE_IN_ATTENTION = ("attn_impl", "attn_pdrop", "attn_type", "attn_uses_sequence_id", "qk_ln",
                     "prefix_lm", "model_type", "alibi_bias_max", "alibi")  # fmt: skip
"""What transformers does not read: its ALiBi is always there, and of 8."""

LAYER = {
    "attention.norm_before": "blocks.{i}.norm_1",
    "attention.output": "blocks.{i}.attn.out_proj",
    "mlp.norm_before": "blocks.{i}.norm_2",
    "mlp.up": "blocks.{i}.ffn.up_proj",
    "mlp.down": "blocks.{i}.ffn.down_proj",
}


def spec(config: Config) -> ModelSpec:
    """An MPT decoder."""
    config.ignore(*IDLE)
    config.refuse_unless({"no_bias": True})
    d_model, d_head = config.split("d_model", "n_heads")
    n_heads, norm = config.whole("n_heads"), NormSpec("layer", config.number("layer_norm_epsilon"))
    attention = AttentionSpec(
        n_heads, n_heads, d_head, _scale(config, d_head), right=0, bias=ALiBi()
    )
    layer = LayerSpec(attention, MLPSpec(4 * d_model, "gelu"), norm, norms=("before",))
    layers, vocab_size = (layer,) * config.depth("n_layers"), config.whole("vocab_size")
    stack = StackSpec(
        "decoder",
        d_model,
        EmbeddingSpec(vocab_size, d_model),
        layers,
        norm,
        max_positions=config.whole("max_seq_len"),
    )
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def _scale(config: Config, d_head: int) -> float:
    """What scores are multiplied by."""
    plain: float = d_head**-0.5
    if not config.has("attn_config"):
        return plain
    attention = config.part("attn_config")
    attention.ignore(*IDLE_IN_ATTENTION)
    attention.refuse_unless({"clip_qkv": None})
    return attention.number("softmax_scale", plain)


def tensors(config: Config) -> Names:
    """Where an MPT checkpoint keeps its tensors."""
    d_model = config.whole("d_model")
    layer = LAYER | fused("blocks.{i}.attn.Wqkv", QKV, (1, (d_model,) * 3))
    return (
        vocabulary("decoder", "wte", "lm_head", tied=config.tied())
        | expand("decoder", {"norm": "norm_f"}, bias=False)
        | expand("decoder", layer, layers=config.depth("n_layers"), bias=False)
    )
