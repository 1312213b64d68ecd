"""EuroBERT (Boizard et al. 2025): Llama as an encoder, which sees both ways."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 128256,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
}


def spec(config: Config) -> ModelSpec:
    """A EuroBERT encoder."""
    config.ignore("clf_pooling")
    layer = llama.layer(config, llama.attention(config, left=None, right=None))
    return llama.decoder(config, layer, stack_kind="encoder")


def tensors(config: Config) -> Names:
    """Where a EuroBERT checkpoint keeps its tensors."""
    return llama.names(config, bias=llama.biases(config), stack_kind="encoder")
