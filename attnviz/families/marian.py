"""Marian (Junczys-Dowmunt et al. 2018): BART with sinusoidal positions and no embedding norm."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bart
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
ALIASES = bart.ALIASES
DEFAULTS = {**bart.DEFAULTS, "vocab_size": 58101}
REFUSED_UNLESS = {
    **{key: only for key, only in bart.REFUSED_UNLESS.items() if not key.startswith("share")},
    "normalize_embedding": False,
}


def spec(config: Config) -> ModelSpec:
    """A Marian encoder and decoder."""
    config.refuse_unless(REFUSED_UNLESS)
    config.ignore("decoder_vocab_size")  # counts only where the sides have tables of their own
    size = config.whole("max_position_embeddings")
    return bart.model(config, PositionSpec("halves", size), size, norms="after")


def tensors(config: Config) -> Names:
    """Where a Marian checkpoint keeps its tensors; its sinusoids may be left out."""
    return bart.names(config, place="after", norms={})
