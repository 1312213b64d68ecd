"""ERNIE (Sun et al. 2020): BERT, trained on whole phrases."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import bert
from attnviz.families.bert import tensors
from attnviz.families.config import Config

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = "ernie"
DEFAULTS = bert.DEFAULTS


def spec(config: Config) -> ModelSpec:
    """An ERNIE encoder without tasks."""
    config.refuse_unless({"use_task_id": False})
    config.ignore("task_type_vocab_size")
    return bert.spec(config)
