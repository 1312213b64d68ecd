"""Seeded checkpoints are the same everywhere and for ever, and say what they are told to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.support.references import largest
from tests.support.seeded import Recipe, seeded_state, write_checkpoint

SHAPES = {"layer.0.query.weight": [6, 4], "norm.weight": [4], "query.bias": [6]}


def test_a_name_a_shape_and_a_seed_decide_the_weights() -> None:
    state = seeded_state(SHAPES)
    np.testing.assert_array_equal(
        state["norm.weight"], np.float32([1.3318324, 1.3888811, 0.97436893, 1.0277114])
    )
    assert seeded_state(SHAPES, seed=1)["norm.weight"][0] != state["norm.weight"][0]


def test_other_tensors_do_not_change_a_tensor() -> None:
    alone = seeded_state({"query.bias": [6]})
    np.testing.assert_array_equal(alone["query.bias"], seeded_state(SHAPES)["query.bias"])


def test_gain_multiplies_the_weights_it_names() -> None:
    plain, louder = seeded_state(SHAPES), seeded_state(SHAPES, gain={"query": 2})
    np.testing.assert_allclose(louder["query.bias"], 2 * plain["query.bias"])
    np.testing.assert_array_equal(louder["norm.weight"], plain["norm.weight"])


@pytest.mark.parametrize("shards", [1, 2])
def test_a_folder_reads_back_as_its_recipe_says(tmp_path: Path, shards: int) -> None:
    recipe = Recipe(
        config={"model_type": "bert"},
        tensors=SHAPES,
        constants={"norm": 0.5},
        copies={"tied.weight": "layer.0.query.weight"},
        stale={"mask": ("bool", [2, 2])},
        shards=shards,
    )
    write_checkpoint(tmp_path, recipe)
    files = sorted(tmp_path.glob("*.safetensors"))
    read = {name: tensor for file in files for name, tensor in load_file(file).items()}
    assert len(files) == shards
    assert {*read} == {*SHAPES, "tied.weight", "mask"}
    np.testing.assert_array_equal(read["tied.weight"], read["layer.0.query.weight"])
    assert (read["norm.weight"] == 0.5).all()
    assert read["mask"].dtype == bool
    assert json.loads((tmp_path / "config.json").read_bytes()) == recipe.config


def test_half_precision_is_stored_rounded_to_nearest(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, Recipe(config={}, tensors=SHAPES, dtype="bfloat16"))
    data = (tmp_path / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    bits = np.frombuffer(data[start : start + 48], np.uint16).astype(np.uint32) << 16
    weights = seeded_state(SHAPES)["layer.0.query.weight"].ravel()
    np.testing.assert_allclose(bits.view(np.float32), weights, rtol=2**-8)


def test_nan_is_the_largest_difference_of_all() -> None:
    ones = np.ones((2, 2), np.float32)
    assert largest(np.float32([[1, np.nan], [1, 1]]), ones) == float("inf")
    assert largest(ones * 1.5, ones) == 0.5
