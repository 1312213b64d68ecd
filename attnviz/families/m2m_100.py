"""M2M-100 and NLLB (Fan et al. 2020): BART with norms before and fairseq's sinusoids."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec, PositionSpec
from attnviz.families import bart, mbart
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "model"
ALIASES = bart.ALIASES
DEFAULTS = {
    **bart.DEFAULTS,
    "vocab_size": 128112,
    "activation_function": "relu",
    "scale_embedding": True,
    "pad_token_id": 1,
}


def spec(config: Config) -> ModelSpec:
    """An M2M-100 encoder and decoder; their sinusoids go on beyond max_position_embeddings."""
    config.refuse_unless({**mbart.REFUSED_UNLESS, "normalize_embedding": False})
    size, pad = config.whole("max_position_embeddings"), config.whole("pad_token_id", least=0)
    found = bart.model(config, PositionSpec("fairseq", size, pad_id=pad), None, norms="before")
    return replace(found, head=found.head and replace(found.head, bias=False))


def tensors(config: Config) -> Names:
    """Where an M2M-100 checkpoint keeps its tensors; its sinusoids are never read."""
    norms = {"norm": "layer_norm"}
    return bart.names(config, place="before", norms=norms, positions=False, bias=False)
