"""Lenses and labels that are kept for a model: with it, or in the cache by its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from attnviz import findings
from attnviz.analysis.labels import Label
from attnviz.analysis.lens_file import dump_lens
from attnviz.errors import DocumentError, InputError, OutputError
from attnviz.result import Head, ModelInfo
from tests.analysis.lenses import lens

LABELS = {
    Head(3, 1): (Label("noun antecedent", 0.644, 0.295, "nearest noun", 146), Label("itself", 0.5))
}


MADE = ModelInfo("made", "bert", 6, 12)


@dataclass
class Made:
    folder: Path
    info: ModelInfo = MADE

    def fingerprint(self):
        return replace(self.info, sha256="abc")


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "model").mkdir()
    return Made(tmp_path / "model")


def test_nothing_is_known_of_a_new_model(model):
    assert findings.lens(model, "coreference") is None
    assert findings.labels(model) == {}


def test_what_is_kept_is_found_again_by_the_weights(model, tmp_path):
    findings.keep_lens(model, lens(relation="nsubj", on=0.5))
    findings.keep_labels(model, LABELS)
    (tmp_path / "moved").mkdir()
    again = Made(tmp_path / "moved")
    assert findings.lens(again, "nsubj").on[0, 0] == 0.5
    assert findings.labels(again) == LABELS


def test_what_came_with_the_model_is_read_first_and_without_reading_its_weights(model, monkeypatch):
    findings.keep_lens(model, lens(on=0.5))
    (model.folder / "lenses").mkdir()
    (model.folder / "lenses" / "coreference.json").write_text(dump_lens(lens(on=0.25)))
    monkeypatch.delattr(Made, "fingerprint")
    assert findings.lens(model, "coreference").on[0, 0] == 0.25


@pytest.mark.parametrize(
    "info",
    [
        ModelInfo("made", "bert", 12, 12),
        ModelInfo("made", "gpt2", 6, 12),
        ModelInfo("made", "../*"),
    ],
)
def test_what_is_kept_of_another_kind_of_model_takes_no_reading_of_weights(
    model, monkeypatch, info
):
    findings.keep_lens(model, lens(relation="nsubj", on=0.5))
    findings.keep_labels(model, LABELS)
    monkeypatch.delattr(Made, "fingerprint")
    another = Made(model.folder, info)
    assert findings.lens(another, "nsubj") is None
    assert findings.labels(another) == {}


@pytest.mark.parametrize("name", ["../x", "a/b", "", "NSUBJ", "x" * 41, "é"])
def test_a_relation_is_no_path(model, name):
    with pytest.raises(InputError, match="is no relation"):
        findings.lens(model, name)


DAMAGED = ["", "[]", "{}", '{"format":"attnviz-labels/1","heads":{"3":[]}}', "[" * 100_000,
           '{"format":"attnviz-labels/1","heads":{"3.1":[["x"]]}}',
           '{"format":"attnviz-labels/1","heads":{"3.1":[["x",1e999,null,null,1e999]]}}',
           '{"format":"x","heads":{}}']  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_labels_are_refused(model, text):
    (model.folder / "labels.json").write_text(text)
    with pytest.raises(DocumentError):
        findings.labels(model)


def test_a_cache_that_cannot_be_written_is_told(model, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        findings.keep_labels(model, LABELS)
