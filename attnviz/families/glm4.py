"""GLM-4 (Zhipu AI 2025): GLM with norms before and behind its sublayers."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import glm, llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
DEFAULTS = glm.DEFAULTS
NORMS = {
    "attention.norm_inside": "layers.{i}.post_self_attn_layernorm",
    "mlp.norm_inside": "layers.{i}.post_mlp_layernorm",
}


def spec(config: Config) -> ModelSpec:
    """A GLM-4 decoder."""
    layer = llama.layer(config, glm.attention(config), norms=("before", "inside"))
    return llama.decoder(config, layer)


def tensors(config: Config) -> Names:
    """Where a GLM-4 checkpoint keeps its tensors."""
    return glm.names(config, dict(NORMS))
