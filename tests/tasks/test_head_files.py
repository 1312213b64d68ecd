"""A head's folder is read back as it was written, and a damaged one is refused in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from attnviz.errors import BadCheckpoint, ModelNotFound
from attnviz.tasks.classifier import Classifier
from attnviz.tasks.classify import classifier_files, load_classifier
from attnviz.tasks.hierarchical import load_sentence_attention, sentence_attention_files
from tests.tasks.test_additive import drawn
from tests.tasks.test_hierarchical import head


def classifier() -> Classifier:
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(5, 2)).astype("f4"), rng.normal(size=2).astype("f4")
    return Classifier(("no", "ja"), drawn(), *arrays, "all-MiniLM-L6-v2", (3, 4))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in classifier_files(classifier(), "# card\n").items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_classifier_is_read_as_it_was_written(folder: Path) -> None:
    read, wrote = load_classifier(folder), classifier()
    assert (read.labels, read.model, read.layers) == (wrote.labels, wrote.model, wrote.layers)
    np.testing.assert_array_equal(read.output, wrote.output)
    np.testing.assert_allclose(read.attention.query, wrote.attention.query, rtol=1e-6)
    assert (folder / "README.md").read_text() == "# card\n"


def test_a_sentence_attention_is_read_as_it_was_written(tmp_path: Path) -> None:
    for name, data in sentence_attention_files(head(), "# card\n").items():
        (tmp_path / name).write_bytes(data)
    read = load_sentence_attention(tmp_path)
    np.testing.assert_allclose(read.words.query, head().words.query, rtol=1e-6)
    np.testing.assert_allclose(read.sentences.query, head().sentences.query, rtol=1e-6)
    assert read.piece == head().piece
    with pytest.raises(BadCheckpoint, match="does not describe a head for 'classify'"):
        load_classifier(tmp_path)


@pytest.mark.parametrize("piece", [None, 0, -1, 2.5, "many", True])
def test_a_sentence_attention_whose_pieces_have_no_length_is_refused(
    tmp_path: Path, piece: object
) -> None:
    for name, data in sentence_attention_files(head(), "# card\n").items():
        (tmp_path / name).write_bytes(data)
    change_config(tmp_path, piece=piece)
    with pytest.raises(BadCheckpoint, match="does not say how long its pieces are"):
        load_sentence_attention(tmp_path)


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "head.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_weights(folder: Path, **changes: np.ndarray) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(save(load(path.read_bytes()) | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ["one"]},
        {"labels": ["a", "a"]},
        {"labels": "no"},
        {"labels": [1, 2]},
        {"layers": []},
        {"layers": [-1]},
        {"layers": ["3"]},
        {"model": 3},
        {"d_model": "five"},
        {"d_model": 6},
        {"n_labels": 3},
        {"task": "summarize"},
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(
    folder: Path, changes: dict[str, object]
) -> None:
    change_config(folder, **changes)
    with pytest.raises(BadCheckpoint) as refused:
        load_classifier(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000], ids=range(5))
def test_a_configuration_that_is_no_json_object_is_refused(folder: Path, data: bytes) -> None:
    (folder / "head.json").write_bytes(data)
    with pytest.raises(BadCheckpoint):
        load_classifier(folder)


def test_a_pipe_in_the_place_of_a_configuration_is_not_waited_for(folder: Path) -> None:
    (folder / "head.json").unlink()
    os.mkfifo(folder / "head.json")
    with pytest.raises(BadCheckpoint, match="not a regular file"):
        load_classifier(folder)


def test_weights_that_are_damaged_missing_or_not_finite_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for damaged in (b"", whole[:-7], b"\xff" * 64):
        path.write_bytes(damaged)
        with pytest.raises(BadCheckpoint, match="safetensors"):
            load_classifier(folder)
    path.write_bytes(whole)
    change_weights(folder, query=np.full(4, np.nan, np.float32))
    with pytest.raises(BadCheckpoint, match="tensor 'query' holds NaN or infinite numbers"):
        load_classifier(folder)
    path.unlink()
    with pytest.raises(BadCheckpoint, match=r"model\.safetensors"):
        load_classifier(folder)


def test_a_name_that_is_no_folder_is_refused() -> None:
    with pytest.raises(ModelNotFound, match="'no-such-head' is neither a folder nor one of"):
        load_classifier("no-such-head")
    with pytest.raises(ModelNotFound):
        load_classifier("\0")
