"""PEGASUS (Zhang et al. 2020): BART with norms before and sinusoidal positions."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bart, mbart
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
ALIASES = bart.ALIASES
DEFAULTS = bart.DEFAULTS
REFUSED_UNLESS = {**mbart.REFUSED_UNLESS, "normalize_embedding": False}


def spec(config: Config) -> ModelSpec:
    """A PEGASUS encoder and decoder."""
    config.refuse_unless(REFUSED_UNLESS)
    size = config.whole("max_position_embeddings")
    return bart.model(config, PositionSpec("halves", size), size, norms="before")


def tensors(config: Config) -> Names:
    """Where a PEGASUS checkpoint keeps its tensors; its sinusoids may be left out."""
    return bart.names(config, place="before", norms={"norm": "layer_norm"})
