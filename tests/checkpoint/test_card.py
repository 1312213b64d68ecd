"""What is on this machine is listed and described, also what cannot be run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from attnviz.checkpoint.cache import hub_cache
from attnviz.checkpoint.card import describe, list_models
from attnviz.checkpoint.source import DEFAULT_MODEL
from attnviz.errors import ModelNotFound

COMMIT = "c" * 40


@pytest.fixture
def snapshot(cache: Path) -> Path:
    """An empty snapshot of org/model in the cache."""
    place = hub_cache() / "models--org--model"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    folder = place / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    return folder


def test_the_list_begins_with_the_embedded_model(cache: Path) -> None:
    (model,) = list_models()
    assert (model.source.name, model.source.kind) == (DEFAULT_MODEL, "embedded")
    assert (model.model_type, model.missing) == ("bert", None)
    assert 40e6 < model.nbytes < 60e6


def test_the_list_says_what_an_incomplete_model_lacks(snapshot: Path) -> None:
    (snapshot / "config.json").write_text('{"model_type": "gpt2"}')
    *_, model = list_models()
    assert (model.source.name, model.source.revision) == ("org/model", COMMIT)
    assert (model.model_type, model.missing) == ("gpt2", "model.safetensors")
    assert model.nbytes == 22


@pytest.mark.parametrize("config", ["not JSON", '{"model_type": ["gpt2"]}', "{}"])
def test_a_damaged_config_does_not_break_the_list(snapshot: Path, config: str) -> None:
    (snapshot / "config.json").write_text(config)
    assert list_models()[-1].model_type is None


def test_what_is_no_checkpoint_is_not_listed(snapshot: Path) -> None:
    (snapshot / "model_index.json").write_text("{}")
    escape = hub_cache() / "models--\x1b[2J" / "snapshots" / COMMIT
    escape.mkdir(parents=True)
    (escape / "config.json").write_text("{}")
    assert [model.source.name for model in list_models()] == [DEFAULT_MODEL]


def test_a_folder_of_the_same_name_does_not_hide_a_cached_model(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snapshot / "config.json").write_text("{}")
    (tmp_path / "org" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert list_models()[-1].source.kind == "cache"


def test_a_card_counts_parameters_and_names_their_type(snapshot: Path) -> None:
    (snapshot / "config.json").write_text('{"model_type": "gpt2", "n_layer": 2}')
    save_file({"w": np.ones((3, 5), np.float16)}, snapshot / "model.safetensors")
    card = describe("org/model")
    assert (card.n_parameters, card.storage, card.problem) == (15, "F16", None)
    assert card.config["n_layer"] == 2
    assert card.nbytes == sum(path.stat().st_size for path in snapshot.iterdir())


def test_a_card_of_a_broken_model_says_why_it_cannot_be_run(snapshot: Path) -> None:
    assert "there is no config.json" in (describe("org/model").problem or "")
    (snapshot / "config.json").write_text('{"model_type": "gpt2"}')
    (snapshot / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    card = describe("org/model")
    assert card.config == {"model_type": "gpt2"}
    assert card.problem == (
        "model.safetensors ends inside its header; the download may be incomplete"
    )


def test_a_model_that_is_not_here_is_to_be_pulled(cache: Path) -> None:
    with pytest.raises(ModelNotFound, match="attnviz models pull org/other fetches it"):
        describe("org/other")
