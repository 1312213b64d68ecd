"""Configurations as people publish them, with all their old and idle keys, are read in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attnviz.core.spec import Rotary
from attnviz.families import FAMILIES, specify

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "hub_configs.json"
CONFIGS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("values", CONFIGS, ids=lambda values: values["model_type"])
def test_a_published_config_needs_no_warning(values: dict[str, Any]) -> None:
    assert specify(values).spec.stacks


def test_nearly_every_family_is_among_them() -> None:
    assert len({values["model_type"] for values in CONFIGS} & set(FAMILIES)) >= 30


def spec_of(model_type: str, **wanted: Any) -> Any:
    """The first stack of the published config that has these values."""
    return next(
        specify(values).spec.stacks[0]
        for values in CONFIGS
        if values["model_type"] == model_type and wanted.items() <= values.items()
    )


def test_llama_3_scales_its_positions() -> None:
    rotary = spec_of("llama").layers[0].attention.rotary
    assert isinstance(rotary, Rotary)
    assert (rotary.kind, rotary.scaling["factor"], rotary.dims) == ("llama3", 32.0, 64)


def test_phi_4_turns_three_quarters_of_each_head() -> None:
    attention = spec_of("phi3", partial_rotary_factor=0.75).layers[0].attention
    assert (attention.d_head, attention.rotary.dims, attention.rotary.kind) == (128, 96, "longrope")


def test_modernbert_looks_everywhere_in_every_third_layer() -> None:
    lefts = [layer.attention.left for layer in spec_of("modernbert").layers]
    assert lefts[:6] == [None, 64, 64, None, 64, 64]


def test_embedding_gemma_reads_both_ways() -> None:
    stack = spec_of("gemma3_text")
    seen = [(layer.attention.left, layer.attention.right) for layer in stack.layers[4:6]]
    assert (stack.kind, seen) == ("encoder", [(256, 256), (None, None)])


def test_smollm3_turns_no_head_in_every_fourth_layer() -> None:
    turned = [layer.attention.rotary is not None for layer in spec_of("smollm3").layers]
    assert turned == [True, True, True, False] * 9
