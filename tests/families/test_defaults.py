"""What a config.json leaves out is as transformers assumes it, under every name a key has."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from attnviz.core.activations import ACTIVATIONS
from attnviz.families import FAMILIES
from attnviz.families.activations import TRAINED
from attnviz.families.config import Config
from tests.support.defaults import recorded

CLASSES = recorded()["classes"]
EXPANDED = {  # where the class has None and fills it in later
    "apertus": {"rope_parameters"},
    "gpt_neo": {"attention_types"},
    "gpt_oss": {"rope_parameters"},
}
WHOLE = set(FAMILIES) - {  # the defaults of these do not make a model
    "deepseek_v2",  # has no num_experts_per_tok
    "esm",  # has no vocab_size
    "glm4_moe",  # its heads do not divide its width
    "t5gemma",  # its two sides have configs of their own
}


def module(model_type: str) -> ModuleType:
    return import_module(f"attnviz.families.{FAMILIES[model_type]}")


def config(model_type: str, values: dict[str, Any]) -> Config:
    family = module(model_type)
    return Config(values, model_type, family.DEFAULTS, getattr(family, "ALIASES", {}))


def test_every_family_was_recorded() -> None:
    assert set(CLASSES) == set(FAMILIES)


def test_every_activation_that_transformers_knows_is_computed() -> None:
    assert sorted({*ACTIVATIONS, *TRAINED}) == recorded()["activations"]


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_defaults_are_those_of_the_configuration_class(model_type: str) -> None:
    family, theirs = module(model_type), CLASSES[model_type]["defaults"]
    aliases = {ours: name for name, ours in getattr(family, "ALIASES", {}).items()}
    for key, value in family.DEFAULTS.items():
        name = key if key in theirs else aliases.get(key, key)
        if name in theirs and key not in EXPANDED.get(model_type, ()):
            assert theirs[name] == value, key


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_tables_are_tied_where_the_configuration_class_ties_them(model_type: str) -> None:
    assert config(model_type, {}).tied() is CLASSES[model_type]["defaults"].get(
        "tie_word_embeddings",
        True,  # which T5 sets by itself
    )


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_a_key_may_have_any_of_its_names(model_type: str) -> None:
    family = module(model_type)
    ours = getattr(family, "ALIASES", {})
    for one, other in CLASSES[model_type]["aliases"].items():
        key = ours.get(one, ours.get(other, one))
        assert config(model_type, {one: 7}).get(key) == 7
        assert config(model_type, {other: 7}).get(key) == 7


@pytest.mark.parametrize("model_type", sorted(WHOLE))
def test_a_config_without_sizes_is_the_configuration_class_without_arguments(
    model_type: str,
) -> None:
    theirs = CLASSES[model_type]["defaults"]
    ours = getattr(module(model_type), "ALIASES", {})
    spec = module(model_type).spec(config(model_type, {"model_type": model_type}))
    sizes = {
        "vocab_size": spec.stacks[0].embedding.vocab_size,
        "hidden_size": spec.stacks[0].d_model,
        "num_hidden_layers": len(spec.stacks[0].layers),
        "num_attention_heads": spec.stacks[0].layers[0].attention.n_heads,
    }
    for key, found in sizes.items():
        names = [key, *(name for name in theirs if ours.get(name) == key), ours.get(key, key)]
        assert found in [theirs[name] for name in names if name in theirs], key
