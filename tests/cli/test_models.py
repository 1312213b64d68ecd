"""``attnviz models``: what there is, what it is, and why it cannot be run."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

MODEL = Path(__file__).resolve().parents[2] / "attnviz" / "models" / "all-MiniLM-L6-v2"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def facts(ended) -> dict[str, str]:
    assert ended.code == 0
    return dict(line.split("  ", 1) for line in ended.text.splitlines())


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """A cache of the Hub's client with one model in it, a link to the embedded one."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--org--name"
    (repository / "snapshots").mkdir(parents=True)
    (repository / "snapshots" / COMMIT).symlink_to(MODEL)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return repository


def test_the_embedded_models_are_listed(attnviz):
    ended = attnviz("models")
    assert ended.code == 0
    assert "all-MiniLM-L6-v2     bert, 6 × 12 heads, embedded\n" in ended.text
    assert "attnviz-en-fr-small  marian, 3 × 8 and 3 × 8 heads, embedded\n" in ended.text


def test_models_in_the_cache_are_listed(attnviz, cached):
    assert "org/name             bert, 6 × 12 heads, cache" in attnviz("models").text


def test_a_model_is_shown_with_all_that_its_files_tell(attnviz):
    shown = {name: value.strip() for name, value in facts(attnviz("models", "show", MODEL)).items()}
    assert shown["family"] == "bert"
    assert (shown["layers"], shown["heads"]) == ("6", "12 in each layer")
    assert (shown["positions"], shown["parameters"]) == ("512", "22,713,216")
    assert shown["stored as"].startswith("F16")
    assert shown["runs"] == "yes"


def test_the_commit_of_a_cached_model_is_shown(attnviz, cached):
    assert facts(attnviz("models", "show", "org/name"))["revision"].strip() == COMMIT


def test_a_model_that_cannot_be_run_says_why(attnviz, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder, ignore=lambda *_: ["model.safetensors"])
    shown = facts(attnviz("models", "show", folder))
    assert shown["runs"].strip().startswith("no: ") and "model.safetensors" in shown["runs"]
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "mamba"}))
    (folder / "model.safetensors").symlink_to(MODEL / "model.safetensors")
    shown = facts(attnviz("models", "show", folder))
    assert shown["family"].strip() == "mamba" and "mamba" in shown["runs"]
    assert shown["parameters"].strip() == "22,713,216"


def test_what_is_not_here_can_be_pulled(attnviz):
    ended = attnviz("models", "show", "org/other")
    assert (ended.code, ended.out) == (1, b"")
    assert "attnviz models pull org/other" in ended.err


def test_what_is_here_already_needs_no_pull(attnviz):
    assert facts(attnviz("models", "pull", "all-MiniLM-L6-v2"))["runs"].strip() == "yes"


def test_hostile_names_are_shown_as_text(attnviz, tmp_path):
    folder = tmp_path / "\x1b[31mred"
    folder.symlink_to(MODEL)
    (tmp_path / "config.json").touch()
    ended = attnviz("models", "show", folder)
    assert ended.code == 0 and "\x1b" not in ended.text


def odd_entries(hub: Path) -> None:
    """What a cache may hold beside models: folders and files of every odd kind."""

    def snapshot(name: str) -> Path:
        folder = hub / name / "snapshots" / COMMIT
        folder.mkdir(parents=True)
        return folder

    (hub / "models--file").touch()
    (hub / "models--circle").symlink_to("models--circle")
    (hub / "models--").mkdir()
    snapshot("models--a--b--c")
    snapshot("models--..--..")
    snapshot("models--\x1b[31mred\n--model")
    os.mkfifo(snapshot("models--pipe--model") / "config.json")
    (snapshot("models--folder--model") / "config.json").mkdir()
    (snapshot("models--loop--model") / "config.json").symlink_to("config.json")
    (snapshot("models--deep--model") / "config.json").write_text("[" * 99_999)
    refs = hub / "models--loop--model" / "refs"
    refs.mkdir()
    (refs / "main").symlink_to("main")
    (refs / "self").symlink_to(".")


def test_whatever_one_entry_is_the_others_are_listed(attnviz, cached):
    odd_entries(cached.parent)
    ended = attnviz("models")
    assert (ended.code, ended.err) == (0, "")
    assert "org/name" in ended.text and "\x1b" not in ended.text
    listed = {line.split("  ")[0] for line in ended.text.splitlines()}
    assert {"all-MiniLM-L6-v2", "org/name"} < listed
    for name in ("pipe/model", "folder/model", "loop/model", "deep/model"):
        (line,) = (line for line in ended.text.splitlines() if line.startswith(name))
        assert "cannot be run: " in line
    assert attnviz("run", "a", "-m", "org/nama", "--offline").err.count("\n") == 1
