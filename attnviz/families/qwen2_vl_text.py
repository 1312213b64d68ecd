"""Qwen2-VL's and Qwen2.5-VL's text model (Wang et al. 2024): Qwen2, whose positions are one row."""

from __future__ import annotations

from attnviz.families import qwen2
from attnviz.families.qwen2 import spec, tensors

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = "model.language_model"
DEFAULTS = {
    **qwen2.DEFAULTS,
    "vocab_size": 152064,
    "hidden_size": 8192,
    "intermediate_size": 29568,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-5,
    "max_window_layers": 80,
    "rope_theta": 1000000.0,
    "tie_word_embeddings": True,
}
