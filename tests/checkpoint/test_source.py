"""A name leads to an embedded model, a folder or a cache entry, in this order, or is refused."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from attnviz.checkpoint.cache import find_snapshot, hub_cache, list_snapshots
from attnviz.checkpoint.source import DEFAULT_MODEL, embedded_models, find, pull, resolve
from attnviz.errors import ModelNotFound

WHOLE = {"config.json": "{}", "tokenizer.json": "{}", "model.safetensors": ""}
COMMIT, OTHER = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def only_here(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, an empty working folder, and no network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def put(folder: Path, files: Mapping[str, str] = WHOLE) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def put_in_cache(repo: str, commit: str = COMMIT, **refs: str) -> Path:
    """A snapshot in the cache's layout; ``main="a…"`` writes a branch."""
    place = hub_cache() / f"models--{repo.replace('/', '--')}"
    for ref, target in refs.items():
        (place / "refs").mkdir(parents=True, exist_ok=True)
        (place / "refs" / ref).write_text(target)
    return put(place / "snapshots" / commit)


# in this order


def test_the_default_model_is_embedded() -> None:
    model = resolve(DEFAULT_MODEL)
    assert (model.name, model.kind, model.revision) == (DEFAULT_MODEL, "embedded", None)
    assert (model.folder / "config.json").is_file()
    assert DEFAULT_MODEL in embedded_models()


def test_an_embedded_model_comes_before_a_folder_of_its_name() -> None:
    put(Path(DEFAULT_MODEL))
    assert resolve(DEFAULT_MODEL).kind == "embedded"
    assert resolve(f"./{DEFAULT_MODEL}").kind == "folder"


def test_a_folder_comes_before_a_cached_model_of_its_name() -> None:
    put_in_cache("org/model", main=COMMIT)
    assert resolve("org/model").kind == "cache"
    put(Path("org/model"))
    assert resolve("org/model").kind == "folder"


def test_a_folder_is_called_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "models" / "mine")
    given = resolve(str(tmp_path / "models" / "mine"))
    assert (given.name, given.folder) == ("mine", tmp_path / "models" / "mine")
    monkeypatch.chdir(tmp_path / "models" / "mine")
    assert resolve(".").name == "mine"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve("~/models/mine").name == "mine"


def test_a_cached_model_is_found_at_its_branch_tag_or_commit() -> None:
    put_in_cache("org/model", COMMIT, main=COMMIT, old=OTHER)
    put_in_cache("org/model", OTHER)
    assert resolve("org/model").revision == COMMIT
    assert resolve("org/model@old").revision == OTHER
    assert resolve(f"org/model@{OTHER}").revision == OTHER


def test_a_branch_that_leads_nowhere_finds_nothing() -> None:
    put_in_cache("org/model", main="../refs")
    (hub_cache() / "models--org--other" / "refs" / "main").mkdir(parents=True)
    assert find_snapshot("org/model", None) is None
    assert find_snapshot("org/other", None) is None


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("HF_HUB_CACHE", "{}/a", "a"),
        ("HUGGINGFACE_HUB_CACHE", "{}/b", "b"),
        ("HF_HOME", "{}/c", "c/hub"),
        ("XDG_CACHE_HOME", "{}/d", "d/huggingface/hub"),
        ("HOME", "{}/e", "e/.cache/huggingface/hub"),
        ("HF_HOME", "$HOME/f", "f/hub"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    for other in ("HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, value.format(tmp_path))
    assert hub_cache() == tmp_path / expected


def test_the_cache_lists_every_snapshot_by_the_name_to_ask_for() -> None:
    put_in_cache("org/model", COMMIT, main=COMMIT, v1=COMMIT)
    put_in_cache("org/model", OTHER, v0=OTHER)
    put_in_cache("gpt2", OTHER)
    put(hub_cache() / "datasets--org--data" / "snapshots" / COMMIT)
    put(hub_cache() / "models--org--model" / "snapshots" / "not-a-commit")
    names = [snapshot.name for snapshot in list_snapshots()]
    assert names == [f"gpt2@{OTHER}", "org/model", "org/model@v0"]
    assert all(resolve(name).kind == "cache" for name in names)


def test_what_is_here_is_never_pulled() -> None:
    put(Path("mine"))
    assert pull(DEFAULT_MODEL).kind == "embedded"
    assert pull("mine").kind == "folder"


# what is refused


def test_an_unknown_name_is_refused_with_one_that_is_near() -> None:
    put_in_cache("org/bert-base-uncased", main=COMMIT)
    with pytest.raises(ModelNotFound, match=r"; did you mean 'org/bert-base-uncased'\?$"):
        resolve("org/bert-bsae-uncased")
    with pytest.raises(ModelNotFound, match=r"; did you mean 'all-MiniLM-L6-v2'\?$"):
        resolve("ALL-minilm-l6-v2")
    with pytest.raises(ModelNotFound, match=r"and HF_HUB_OFFLINE forbids to fetch it$"):
        resolve("nothing/like-it")


def test_a_file_is_not_a_model() -> None:
    Path("model.safetensors").write_text("")
    with pytest.raises(
        ModelNotFound, match=r"'model\.safetensors' is a file; a model is the folder"
    ):
        resolve("model.safetensors")


@pytest.mark.parametrize("name", ["./nothing", "../nothing", "/nothing", "~/nothing", "../..x/y"])
def test_a_path_that_leads_nowhere_is_said_to_be_no_folder(name: str) -> None:
    with pytest.raises(ModelNotFound, match=f"^there is no folder '{name}'$"):
        resolve(name)


@pytest.mark.parametrize(
    "name",
    ["", "-x", "--help", "a/../../b", "a..b", "a--b", "a/b/c", "a//b", "a/", "a b", "a@", "a@-x",
     "a@../../x", "a@b c", "a\0b", "a\x1b[2J", "ä/ö", "a\n", "x" * 5000, "a/" + "x" * 97,
     "http://host/x", "a\\b", "@main", "nobody~/x", "\udcff"],
)  # fmt: skip
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ModelNotFound, match="neither a folder nor a model's name") as error:
        resolve(name)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


def test_no_home_is_no_obstacle_to_the_embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nobody)
    assert resolve(DEFAULT_MODEL).kind == "embedded"
    assert find("org/model") is None


def test_the_client_of_the_hub_is_not_loaded_for_what_is_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "attnviz.checkpoint.hub", None)  # whose import now fails
    put_in_cache("org/model", main=COMMIT)
    put(Path("mine"))
    for name in (DEFAULT_MODEL, "mine", "org/model"):
        resolve(name)
