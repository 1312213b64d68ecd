"""MVP (Tang et al. 2022): BART, trained on many tasks."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import bart
from attnviz.families.bart import tensors
from attnviz.families.config import Config

__all__ = ["ALIASES", "BASE", "DEFAULTS", "spec", "tensors"]

BASE = bart.BASE
ALIASES = bart.ALIASES
DEFAULTS = {**bart.DEFAULTS, "vocab_size": 50267}


def spec(config: Config) -> ModelSpec:
    """An MVP encoder and decoder without prompts, which would be keys that are no tokens."""
    config.refuse_unless({"use_prompt": False})
    config.ignore("prompt_length", "prompt_mid_dim")
    return bart.spec(config)
