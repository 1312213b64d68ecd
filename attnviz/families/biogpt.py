"""BioGPT (Luo et al. 2022): GPT over papers of medicine, with learned positions from 2 on."""

from __future__ import annotations

from attnviz.core.spec import AttentionSpec, MLPSpec, ModelSpec, PositionSpec
from attnviz.families import xglm
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "biogpt"
DEFAULTS = {
    "vocab_size": 42384,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "hidden_act": "gelu",
    "max_position_embeddings": 1024,
    "scale_embedding": True,
}


def spec(config: Config) -> ModelSpec:
    """A BioGPT decoder."""
    config.ignore("layer_norm_eps")  # which transformers does not obey
    d_model, d_head = config.split("hidden_size", "num_attention_heads")
    n_heads, size = config.whole("num_attention_heads"), config.whole("max_position_embeddings")
    attention = AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=0)
    mlp = MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act"))
    positions = PositionSpec("learned", size + xglm.OFFSET, offset=xglm.OFFSET)
    depth = config.depth("num_hidden_layers")
    return xglm.decoder(config, attention, mlp, positions, depth, d_model)


def tensors(config: Config) -> Names:
    """Where a BioGPT checkpoint keeps its tensors."""
    depth = config.depth("num_hidden_layers")
    return xglm.names(config, depth, "output_projection", optional=False)
