"""What checkpoints call things: each family translates its config and tensor names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from attnviz.checkpoint.tensors import Tensors
from attnviz.core.spec import ModelSpec
from attnviz.errors import UnsupportedModel
from attnviz.families.checkpoint_weights import CheckpointWeights
from attnviz.families.config import Config
from attnviz.families.joined import JOINED, join, require_decoder
from attnviz.families.match import match_tensors
from attnviz.families.names import Names, with_activations
from attnviz.families.shapes import shapes
from attnviz.families.unknown import unknown
from attnviz.families.wrappers import WRAPPERS, unwrap

__all__ = ["FAMILIES", "JOINED", "WRAPPERS", "Specified", "Translated", "specify", "translate"]

FAMILIES = {
    "albert": "albert",
    "apertus": "apertus",
    "arcee": "arcee",
    "bart": "bart",
    "bert": "bert",
    "biogpt": "biogpt",
    "blenderbot": "blenderbot",
    "bloom": "bloom",
    "camembert": "xlm_roberta",
    "clip_text_model": "clip_text_model",
    "codegen": "codegen",
    "cohere": "cohere",
    "cohere2": "cohere2",
    "data2vec-text": "data2vec_text",
    "deberta": "deberta",
    "deberta-v2": "deberta_v2",
    "deepseek_v2": "deepseek_v2",
    "deepseek_v3": "deepseek_v3",
    "distilbert": "distilbert",
    "electra": "electra",
    "ernie": "ernie",
    "ernie4_5": "ernie4_5",
    "esm": "esm",
    "eurobert": "eurobert",
    "exaone4": "exaone4",
    "falcon": "falcon",
    "gemma": "gemma",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3_text",
    "glm": "glm",
    "glm4": "glm4",
    "glm4_moe": "glm4_moe",
    "gpt2": "gpt2",
    "gpt_bigcode": "gpt_bigcode",
    "gpt_neo": "gpt_neo",
    "gpt_neox": "gpt_neox",
    "gpt_oss": "gpt_oss",
    "gptj": "gptj",
    "granite": "granite",
    "granitemoe": "granitemoe",
    "gte": "gte",
    "helium": "helium",
    "hunyuan_v1_dense": "hunyuan_v1_dense",
    "llama": "llama",
    "m2m_100": "m2m_100",
    "marian": "marian",
    "mbart": "mbart",
    "megatron-bert": "megatron_bert",
    "ministral": "ministral",
    "mistral": "mistral",
    "mixtral": "mixtral",
    "modernbert": "modernbert",
    "modernbert-decoder": "modernbert_decoder",
    "mpnet": "mpnet",
    "mpt": "mpt",
    "mt5": "mt5",
    "mvp": "mvp",
    "nemotron": "nemotron",
    "nomic_bert": "nomic_bert",
    "olmo": "olmo",
    "olmo2": "olmo2",
    "olmo3": "olmo3",
    "olmoe": "olmoe",
    "openai-gpt": "openai_gpt",
    "opt": "opt",
    "pegasus": "pegasus",
    "phi": "phi",
    "phi3": "phi3",
    "plbart": "plbart",
    "qwen2": "qwen2",
    "qwen2_5_vl_text": "qwen2_vl_text",
    "qwen2_moe": "qwen2_moe",
    "qwen2_vl_text": "qwen2_vl_text",
    "qwen3": "qwen3",
    "qwen3_moe": "qwen3_moe",
    "qwen3_vl_text": "qwen3_vl_text",
    "rembert": "rembert",
    "roberta": "roberta",
    "roberta-prelayernorm": "roberta_prelayernorm",
    "roformer": "roformer",
    "seed_oss": "seed_oss",
    "siglip_text_model": "siglip_text_model",
    "smollm3": "smollm3",
    "stablelm": "stablelm",
    "starcoder2": "starcoder2",
    "t5": "t5",
    "t5gemma": "t5gemma",
    "umt5": "umt5",
    "xglm": "xglm",
    "xlm": "xlm",
    "xlm-roberta": "xlm_roberta",
    "xlm-roberta-xl": "xlm_roberta_xl",
}
"""model_type → the module of this package that translates it."""


class Family(Protocol):
    """What a family's module offers; ALIASES, other names of keys, and ALSO_BASE are optional."""

    BASE: str  # the base model's prefix in a checkpoint with a head
    DEFAULTS: Mapping[str, Any]  # what transformers assumes for keys that config.json leaves out

    def spec(self, config: Config) -> ModelSpec: ...

    def tensors(self, config: Config) -> Names: ...


class Translated(NamedTuple):
    """A checkpoint in the core's own words."""

    model_type: str
    spec: ModelSpec
    weights: CheckpointWeights


class Specified(NamedTuple):
    """What a config.json alone tells: its values, the model, its tensors and their prefixes."""

    config: Config
    spec: ModelSpec
    names: Names
    bases: tuple[str, ...]


def specify(values: Mapping[str, Any]) -> Specified:
    """The model that a config.json describes, and where its tensors are.

    Raises UnsupportedModel for a family, key or value that attnviz cannot compute exactly and
    BadCheckpoint for values that make no sense; warns of keys that it does not know.
    """
    if values.get("model_type") in list(JOINED):  # it may be anything, of which some has no hash
        return _joined(values)
    text, prefixes = unwrap(values)
    return _specify(text, prefixes)


def _specify(
    values: Mapping[str, Any], prefixes: tuple[str, ...] = (), *, crossing: bool = False
) -> Specified:
    """A model of one family; ``crossing`` makes it the decoder beside an encoder."""
    family, config = _family(values, crossing=crossing)
    config.refuse_what_no_family_reads()
    spec = family.spec(config)
    names = with_activations(family.tensors(config), spec)
    config.warn_of_unread()
    bases = prefixes or (family.BASE, *getattr(family, "ALSO_BASE", ()))
    return Specified(config, spec, names, bases)


def _joined(values: Mapping[str, Any]) -> Specified:
    """A model whose encoder and decoder have a config, and perhaps a family, of their own."""
    config = Config(values, str(values["model_type"]))
    config.refuse_what_no_family_reads()
    sides = [config.part(side).values for side in ("encoder", "decoder")]
    require_decoder(sides[1])
    config.parts.clear()  # each has its family, which knows its keys
    config.ignore("is_encoder_decoder", "vocab_size")
    one, two = _specify(sides[0]), _specify(sides[1], crossing=True)
    spec, names = join(config, (one.spec, one.names), (two.spec, two.names), two.bases[0])
    config.warn_of_unread()
    return Specified(config, spec, names, ("encoder", f"decoder.{two.bases[0]}"))


def translate(values: Mapping[str, Any], tensors: Tensors) -> Translated:
    """A model of these config values over these tensors.

    Raises BadCheckpoint where tensors are missing or contradict the config, and warns of tensors
    that are left over.
    """
    config, spec, names, bases = specify(values)
    sizes = shapes(spec)
    needed = {ours: its for ours, its in names.items() if ours in sizes}
    return Translated(config.model_type, spec, match_tensors(needed, tensors, bases, sizes, config))


def _family(values: Mapping[str, Any], *, crossing: bool) -> tuple[Family, Config]:
    """The module of a config's family, and the config with that family's names for its keys."""
    model_type = values.get("model_type")
    if not isinstance(model_type, str):
        raise UnsupportedModel("config.json has no model_type, so its family is unknown")
    if model_type not in FAMILIES:
        known = sorted({*FAMILIES, *WRAPPERS, *JOINED})
        raise UnsupportedModel(unknown(values, model_type, known))
    family = cast(Family, import_module(f"attnviz.families.{FAMILIES[model_type]}"))
    aliases: Mapping[str, str] = getattr(family, "ALIASES", {})
    return family, Config(values, model_type, family.DEFAULTS, aliases, crossing=crossing)
