"""What checkpoints call things: each family translates its config and tensor names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from attnviz.checkpoint.tensors import Tensors
from attnviz.core.spec import ModelSpec
from attnviz.errors import UnsupportedModel, quote
from attnviz.families.binding import Bound, bind
from attnviz.families.config import Config
from attnviz.families.names import Names

__all__ = ["FAMILIES", "Translated", "describe", "translate"]

FAMILIES = {
    "albert": "albert",
    "bart": "bart",
    "bert": "bert",
    "bloom": "bloom",
    "camembert": "roberta",
    "deberta-v2": "deberta_v2",
    "distilbert": "distilbert",
    "electra": "electra",
    "falcon": "falcon",
    "gemma": "gemma",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3_text",
    "gpt2": "gpt2",
    "gpt_neo": "gpt_neo",
    "gpt_neox": "gpt_neox",
    "gptj": "gptj",
    "llama": "llama",
    "m2m_100": "m2m_100",
    "marian": "marian",
    "mbart": "mbart",
    "mistral": "mistral",
    "modernbert": "modernbert",
    "mpnet": "mpnet",
    "mt5": "mt5",
    "olmo2": "olmo2",
    "opt": "opt",
    "pegasus": "pegasus",
    "phi": "phi",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "roberta": "roberta",
    "smollm3": "smollm3",
    "stablelm": "stablelm",
    "t5": "t5",
    "xlm-roberta": "roberta",
}
"""model_type → the module of this package that translates it."""


class Family(Protocol):
    """What a family's module offers."""

    BASE: str  # the base model's prefix in a checkpoint with a head
    DEFAULTS: Mapping[str, Any]  # what transformers assumes for keys that config.json leaves out

    def spec(self, config: Config) -> ModelSpec: ...

    def tensors(self, config: Config) -> Names: ...


class Translated(NamedTuple):
    """A checkpoint in the core's own words."""

    model_type: str
    spec: ModelSpec
    weights: Bound


def describe(values: Mapping[str, Any]) -> tuple[str, ModelSpec, Names]:
    """Model type, spec and tensor names for the values of a config.json.

    Raises UnsupportedModel for a family, key or value that attnviz cannot compute exactly, and
    warns of keys that it does not know.
    """
    model_type, family, config = _family(values)
    spec, names = family.spec(config), family.tensors(config)
    config.warn_of_unread()
    return model_type, spec, names


def translate(values: Mapping[str, Any], tensors: Tensors) -> Translated:
    """A model of these config values over these tensors."""
    model_type, spec, names = describe(values)
    return Translated(model_type, spec, bind(names, tensors, _family(values)[1].BASE))


def _family(values: Mapping[str, Any]) -> tuple[str, Family, Config]:
    model_type = values.get("model_type")
    if not isinstance(model_type, str):
        raise UnsupportedModel("config.json has no model_type, so its family is unknown")
    if model_type not in FAMILIES:
        close = difflib.get_close_matches(model_type, FAMILIES, n=1)
        hint = f"did you mean {quote(close[0])}" if close else f"it knows {', '.join(FAMILIES)}"
        raise UnsupportedModel(f"attnviz does not know model_type {quote(model_type)}; {hint}")
    family = cast(Family, import_module(f"attnviz.families.{FAMILIES[model_type]}"))
    aliases = getattr(family, "ALIASES", {})
    values = {aliases.get(key, key): value for key, value in values.items()}
    return model_type, family, Config(values, model_type, family.DEFAULTS)
