"""Blenderbot (Roller et al. 2021): mBART that talks, without a norm of its embeddings."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bart, mbart
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = bart.BASE
ALIASES = bart.ALIASES
DEFAULTS = {
    **bart.DEFAULTS,
    "vocab_size": 8008,
    "max_position_embeddings": 128,
    "encoder_layers": 2,
    "encoder_ffn_dim": 10240,
    "encoder_attention_heads": 32,
    "decoder_layers": 24,
    "decoder_ffn_dim": 10240,
    "decoder_attention_heads": 32,
    "d_model": 2560,
}
IDLE = (
    "do_blenderbot_90_layernorm", "extra_layer_norm", "encoder_no_repeat_ngram_size",
    "layernorm_variant", "normalize_embedding", "add_bias_logits",
)  # fmt: skip


def spec(config: Config) -> ModelSpec:
    """A Blenderbot encoder and decoder."""
    config.ignore(*IDLE)
    config.refuse_unless(
        {**mbart.REFUSED_UNLESS, "normalize_embedding": None, "add_bias_logits": None}
    )
    size = config.whole("max_position_embeddings")
    return bart.model(config, PositionSpec("learned", size), size, norms="before")


def tensors(config: Config) -> Names:
    """Where a Blenderbot checkpoint keeps its tensors."""
    return bart.names(config, place="before", norms={"norm": "layer_norm"}, stored_positions=True)
