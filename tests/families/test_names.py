"""Every family says where each tensor is that the core may ask for, and names no others twice."""

from __future__ import annotations

import warnings

import pytest

from attnviz.errors import AttnvizWarning
from attnviz.families import FAMILIES, specify
from attnviz.families.names import Stored
from attnviz.families.shapes import shapes
from tests.support.families_table import of
from tests.support.references import read


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_no_product_or_table_is_forgotten(model_type: str) -> None:
    for name in of(model_type):
        found = specify(read(name)["recipe"]["config"])
        sinusoids = {
            f"{stack.kind}.position.weight"
            for stack in found.spec.stacks
            if stack.embedding.positions and stack.embedding.positions.kind != "learned"
        }
        asked = {ours for ours, shape in shapes(found.spec).items() if len(shape) > 1}
        assert asked - sinusoids <= set(found.names), name


@pytest.mark.parametrize("model_type", sorted(FAMILIES))
def test_one_tensor_serves_one_purpose(model_type: str) -> None:
    """Two of our tensors come from one of theirs only where it is fused or layers share it."""
    spec, names = specify(read(f"{model_type}-plain")["recipe"]["config"])[1:3]
    whole: dict[Stored, str] = {}
    for ours, stored in names.items():
        if ours in shapes(spec) and ".token." not in ours and model_type != "albert":
            assert whole.setdefault(stored, ours) == ours


def test_nothing_about_a_config_is_told_twice() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", AttnvizWarning)
        specify({**read("bert-plain")["recipe"]["config"], "one": 1, "two": 2})
    assert len(told) == 1
