"""SigLIP's text model (Zhai et al. 2023): CLIP's, seeing both ways."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import clip_text_model
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = clip_text_model.BASE
DEFAULTS = {
    "vocab_size": 32000,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "max_position_embeddings": 64,
    "hidden_act": "gelu_pytorch_tanh",
    "layer_norm_eps": 1e-6,
}


def spec(config: Config) -> ModelSpec:
    """SigLIP's text model."""
    return ModelSpec(clip_text_model.stack(config, "encoder"))


def tensors(config: Config) -> Names:
    """Where SigLIP keeps the tensors of its text model."""
    return clip_text_model.names(config, "encoder")
