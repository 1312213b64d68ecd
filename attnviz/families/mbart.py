"""mBART (Liu et al. 2020): BART with norms before its sublayers and at the end."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bart
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
ALIASES = bart.ALIASES
DEFAULTS = bart.DEFAULTS
REFUSED_UNLESS = {**bart.REFUSED_UNLESS, "normalize_before": True, "add_final_layer_norm": True}


def spec(config: Config) -> ModelSpec:
    """An mBART encoder and decoder."""
    config.refuse_unless(REFUSED_UNLESS)
    size = config.whole("max_position_embeddings")
    positions = PositionSpec("learned", size + bart.OFFSET, offset=bart.OFFSET)
    return bart.model(config, positions, size, norms="before", embedding_norm=True)


def tensors(config: Config) -> Names:
    """Where an mBART checkpoint keeps its tensors."""
    norms = {"embedding_norm": "layernorm_embedding", "norm": "layer_norm"}
    return bart.names(config, place="before", norms=norms, stored_positions=True)
