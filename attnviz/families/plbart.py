"""PLBART (Ahmad et al. 2021): BART over programs, its embeddings scaled."""

from __future__ import annotations

from attnviz.families import bart
from attnviz.families.bart import spec, tensors

__all__ = ["ALIASES", "BASE", "DEFAULTS", "spec", "tensors"]

BASE = bart.BASE
ALIASES = {**bart.ALIASES, "initializer_range": "init_std"}
DEFAULTS = {
    **bart.DEFAULTS,
    "vocab_size": 50005,
    "encoder_layers": 6,
    "encoder_ffn_dim": 3072,
    "encoder_attention_heads": 12,
    "decoder_layers": 6,
    "decoder_ffn_dim": 3072,
    "decoder_attention_heads": 12,
    "d_model": 768,
    "scale_embedding": True,
}
