"""The embedded checkpoint is the one its script makes, and an ordinary folder."""

from __future__ import annotations

import json
import struct

import numpy as np
from safetensors.numpy import load, save

from tests.oracle.make_embedded import FOLDER, SUMS, differences, halve


def read_folder() -> dict[str, bytes]:
    return {name: (FOLDER / name).read_bytes() for name in SUMS}


def test_the_committed_folder_is_what_the_script_makes() -> None:
    assert differences(read_folder()) == []


def test_a_changed_byte_is_noticed() -> None:
    files = read_folder()
    files["config.json"] = files["config.json"].replace(b"512", b"513")
    del files["tokenizer.json"]
    assert [line.split(":")[0] for line in differences(files)] == ["config.json", "tokenizer.json"]


def test_the_folder_holds_nothing_else_but_its_card() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*SUMS, "README.md"}


def test_the_card_names_the_source_and_its_license() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "sentence-transformers/all-MiniLM-L6-v2" in card


def test_every_weight_is_float16_and_has_the_shape_the_config_says() -> None:
    with (FOLDER / "model.safetensors").open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    config = json.loads((FOLDER / "config.json").read_bytes())
    header.pop("__metadata__")
    assert {entry["dtype"] for name, entry in header.items() if "position_ids" not in name} == {
        "F16"
    }
    words = header["embeddings.word_embeddings.weight"]["shape"]
    assert words == [config["vocab_size"], config["hidden_size"]]


def test_halving_rounds_floats_to_nearest_and_leaves_integers() -> None:
    source = {"w": np.float32([1.0, 1 / 3, -2.5]), "ids": np.arange(3, dtype=np.int64)}
    halved = load(halve(save(source)))
    assert halved["w"].dtype == np.float16
    assert halved["ids"].dtype == np.int64
    np.testing.assert_array_equal(halved["w"], source["w"].astype(np.float16))
