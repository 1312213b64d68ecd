"""CodeGen (Nijkamp et al. 2022): GPT-J over programs, its projections fused in four parts."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import gptj
from attnviz.families.config import Config
from attnviz.families.names import Names, fused

BASE = gptj.BASE
ALIASES = gptj.ALIASES
DEFAULTS = {**gptj.DEFAULTS, "n_ctx": 2048}
PARTS = 4
FUSED = ("attention.query", "attention.value", "attention.key")


def spec(config: Config) -> ModelSpec:
    """A CodeGen decoder."""
    d_model = config.whole("n_embd")
    if d_model % PARTS:
        raise config.bad("n_embd", d_model, f"a multiple of {PARTS}")
    return gptj.spec(config)


def tensors(config: Config) -> Names:
    """Where a CodeGen checkpoint keeps its tensors: queries, values and keys in turn."""
    each = config.whole("n_embd") // PARTS
    return gptj.names(config, fused("h.{i}.attn.qkv_proj", FUSED, (PARTS, (each,) * 3)))
