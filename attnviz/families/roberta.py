"""RoBERTa (Liu et al. 2019): BERT with positions that skip the pad token."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, PositionSpec, StackSpec
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = "roberta"
DEFAULTS = {**bert.DEFAULTS, "vocab_size": 50265, "pad_token_id": 1}


def spec(config: Config) -> ModelSpec:
    """A RoBERTa encoder, or a decoder where the config says so."""
    return bert.model(stack(config))


def stack(config: Config) -> StackSpec:
    """Its one stack, whose first position is pad_token_id + 1."""
    size, pad = config.whole("max_position_embeddings"), config.whole("pad_token_id", least=0)
    return bert.stack(config, PositionSpec("learned", size, pad_id=pad), size - pad - 1)


def tensors(config: Config) -> Names:
    """Where a RoBERTa checkpoint keeps its tensors: where BERT does."""
    return bert.names(config, head="lm_head.decoder", tables=bert.TABLES)
