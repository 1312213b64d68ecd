"""The embedded checkpoint is the one its script makes, and an ordinary folder."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

import attnviz
from attnviz import findings
from attnviz.analysis.coreference import resolve
from attnviz.analysis.words import merge_words
from attnviz.result import Head
from tests.models.texts import REFERENCE, TEXTS
from tests.oracle.make_embedded import FOLDER, SOURCE_SUMS, SUMS, differences, halve


def read_folder() -> dict[str, bytes]:
    return {name: (FOLDER / name).read_bytes() for name in SUMS}


def read_header() -> dict[str, dict[str, Any]]:
    with (FOLDER / "model.safetensors").open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header: dict[str, dict[str, Any]] = json.loads(file.read(size))
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def test_the_committed_folder_is_what_the_script_makes() -> None:
    assert differences(read_folder()) == []


def test_a_changed_byte_is_noticed() -> None:
    files = read_folder()
    files["config.json"] = files["config.json"].replace(b"512", b"513")
    del files["tokenizer.json"]
    assert [line.split(":")[0] for line in differences(files)] == ["config.json", "tokenizer.json"]


def test_the_folder_holds_nothing_else_but_its_card_and_what_was_found_about_its_heads() -> None:
    found = {"make.py", "lenses", "labels.json"}
    assert {path.name for path in FOLDER.iterdir()} - found == {*SUMS, "README.md"}


def test_the_card_names_the_source_and_its_license() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "sentence-transformers/all-MiniLM-L6-v2" in card
    assert SOURCE_SUMS["model.safetensors"] in card
    assert SUMS["model.safetensors"] in card


def test_matrices_are_float16_and_vectors_float32_as_the_config_shapes_them() -> None:
    header = read_header()
    config = json.loads((FOLDER / "config.json").read_bytes())
    kinds = {(entry["dtype"], len(entry["shape"])) for entry in header.values()}
    assert kinds == {("F16", 2), ("F32", 1), ("I64", 2)}
    words = header["embeddings.word_embeddings.weight"]["shape"]
    assert words == [config["vocab_size"], config["hidden_size"]]


def test_halving_rounds_matrices_to_nearest_and_leaves_vectors_and_integers() -> None:
    source = {
        "matrix": np.float32([[1.0, 1 / 3, -2.5]]),
        "vector": np.float32([1 / 3]),
        "ids": np.arange(3, dtype=np.int64)[None],
    }
    halved = load(halve(save(source)))
    np.testing.assert_array_equal(halved["matrix"], source["matrix"].astype(np.float16))
    assert halved["matrix"].dtype == np.float16
    for name in ("vector", "ids"):
        np.testing.assert_array_equal(halved[name], source[name])
        assert halved[name].dtype == source[name].dtype


@pytest.mark.parametrize("name", TEXTS)
def test_attention_and_hidden_states_are_those_of_transformers(name: str) -> None:
    text, *pair = TEXTS[name]
    result = attnviz.load().attend(text, pair=pair[0] if pair else None, hidden=True)
    with np.load(REFERENCE) as stored:
        assert [token.id for token in result.tokens] == stored[f"{name}.ids"].tolist()
        np.testing.assert_allclose(
            result.maps["encoder"].weights, stored[f"{name}.attention"], rtol=0, atol=2e-5
        )
        np.testing.assert_allclose(result.hidden, stored[f"{name}.hidden"], rtol=0, atol=2e-5)


def test_it_attends_to_hat() -> None:
    result = attnviz.load().attend(*TEXTS["sentence"])
    words = [token.text for token in result.tokens]
    row = result.maps["encoder"].head(attnviz.Head(3, 1))[words.index("it")]
    assert words[int(row.argmax())] == "hat"
    assert row.max() == pytest.approx(0.75, abs=0.005)


def test_its_lenses_are_small_and_find_what_they_should() -> None:
    for path in (FOLDER / "lenses").iterdir():
        assert path.stat().st_size < 10_000
    model = attnviz.load()
    result = merge_words(model.attend("The window was open, so Peter closed it."))
    lens = findings.lens(model, "coreference")
    assert lens is not None
    [it] = resolve(lens, result.maps["encoder"].weights, result.tokens)
    assert [result.tokens[one.word].text for one in it.named] == ["window"]
    assert findings.lens(model, "nsubj") is not None
    assert findings.labels(model)[Head(3, 1)][0].what == "noun antecedent"
