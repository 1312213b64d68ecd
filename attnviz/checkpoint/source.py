"""From a model's name to the folder that holds it: embedded, given, cached, or from the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from attnviz.checkpoint.cache import Snapshot, find_snapshot, list_snapshots
from attnviz.checkpoint.files import read_list
from attnviz.checkpoint.layout import ADAPTER, gguf_files, missing_file
from attnviz.errors import BadCheckpoint, ModelError, ModelNotFound, quote

DEFAULT_MODEL = "all-MiniLM-L6-v2"
EMBEDDED = Path(__file__).resolve().parent.parent / "models"
PART = r"[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?"
REPOSITORY = re.compile(rf"(?:{PART}/)?{PART}", re.ASCII)
REVISION = re.compile(r"\w[\w./+-]{0,199}", re.ASCII)
MODULES = "modules.json"
MODULE = re.compile(r"[\w-][\w.-]*", re.ASCII)
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")


class Source(NamedTuple):
    """Where a model's files are; ``revision`` is the commit of one from the Hub."""

    name: str
    folder: Path
    kind: Literal["embedded", "folder", "cache", "hub"]
    revision: str | None = None


def resolve(name: str, *, offline: bool = False) -> Source:
    """The folder of a model, which is fetched if it is not on this machine.

    A name is, in this order: an embedded model, a folder, an entry in the Hugging Face cache, a
    repository on the Hub, with ``@revision`` for other commits than the newest.
    """
    here = find(name)
    if here is None or (here.kind == "cache" and missing_file(here.folder)):
        return _from_hub(name, offline, here)
    if here.kind == "cache" and not _has_tokenizer(here.folder):
        try:  # whoever filled the cache may have wanted the weights alone
            return _from_hub(name, offline, here)
        except ModelError:
            return here
    return here


def pull(name: str) -> Source:
    """Fetch a model from the Hub, or its newer commit if the cache has an older one."""
    here = find(name)
    if here is not None and here.kind in ("embedded", "folder"):
        return here
    return _from_hub(name, False, None)


def find(name: str) -> Source | None:
    """What this machine has of that name, whole or not; None if it is only a Hub's name."""
    if name in embedded_models():
        return Source(name, EMBEDDED / name, "embedded")
    if folder := _folder(name):
        return Source(folder.resolve().name, folder, "folder")
    snapshot = find_snapshot(*_repository(name))
    return snapshot and _source(name, snapshot, "cache")


def embedded_models() -> list[str]:
    """The models that come with attnviz."""
    return sorted(path.parent.name for path in EMBEDDED.glob("*/config.json"))


def embedded_folders() -> list[Path]:
    """Where the files of the models are that come with attnviz."""
    return [EMBEDDED / name for name in embedded_models()]


def known() -> Iterator[Source]:
    """The embedded models, then all in the Hugging Face cache, whole or not."""
    for name in embedded_models():
        yield Source(name, EMBEDDED / name, "embedded")
    for snapshot in list_snapshots():
        if REPOSITORY.fullmatch(snapshot.repo):
            yield _source(snapshot.name, snapshot, "cache")


def _from_hub(name: str, offline: bool, here: Source | None) -> Source:
    """Fetch a repository, or say in a sentence why that is not possible."""
    from attnviz.checkpoint.hub import fetch, offline_by_environment

    repo, revision = _repository(name)
    if offline or offline_by_environment():
        raise _not_here(name, here, "--offline" if offline else "HF_HUB_OFFLINE")
    return _source(name, fetch(repo, revision, similar=_similar(name)), "hub")


def _not_here(name: str, here: Source | None, forbidden_by: str) -> ModelError:
    if here is not None:
        return BadCheckpoint(
            f"the cache has {quote(name)} without {missing_file(here.folder)}, "
            f"and {forbidden_by} forbids to fetch the rest"
        )
    similar = _similar(name)
    hint = f"; did you mean {quote(similar)}?" if similar else ""
    return ModelNotFound(
        f"no model named {quote(name)} on this machine, and {forbidden_by} forbids to fetch it"
        f"{hint}"
    )


def _source(name: str, snapshot: Snapshot, kind: Literal["cache", "hub"]) -> Source:
    return Source(name, _transformer_in(snapshot.folder), kind, snapshot.commit)


def _folder(name: str) -> Path | None:
    """The folder of that name; a file, or a path that leads nowhere, raises ModelNotFound."""
    try:
        path = Path(name).expanduser()
        if name and path.is_dir():
            return _transformer_in(path)
        is_file = path.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL inside, nobody's home
        is_file = False
    if is_file and path.suffix == ".gguf":
        return path
    if is_file:
        raise ModelNotFound(
            f"{quote(name)} is a file; a model is the folder with its config.json and weights, "
            "or a .gguf"
        )
    if name.startswith((".", "/", "~")):
        raise ModelNotFound(f"there is no folder {quote(name)}")
    return None


def _transformer_in(folder: Path) -> Path:
    """The folder itself, or that of the Transformer of a Sentence Transformers' modules.json."""
    if (folder / "config.json").exists() or not (folder / MODULES).is_file():
        return folder
    for module in read_list(folder / MODULES):
        if not isinstance(module, dict) or not str(module.get("type")).endswith(".Transformer"):
            continue
        inside = module.get("path")
        if isinstance(inside, str) and MODULE.fullmatch(inside):
            return folder / inside
    raise BadCheckpoint(f"{MODULES} in {quote(folder)} names no folder of a Transformer")


def _repository(name: str) -> tuple[str, str | None]:
    """The parts of ``org/name@revision``; ModelNotFound for what cannot be on the Hub."""
    repo, at, revision = name.partition("@")
    sound = REPOSITORY.fullmatch(repo) and not any(part in name for part in ("..", "--", "//"))
    if not sound or (at and not REVISION.fullmatch(revision)):
        raise ModelNotFound(
            f"{quote(name)} is neither a folder nor a model's name, "
            "which is written org/name or org/name@revision"
        )
    return repo, revision or None


def _similar(name: str) -> str | None:
    """The name on this machine that looks most like this one, if any does."""
    by_lower = {source.name.lower(): source.name for source in known()}
    import difflib  # slow to load, and seldom needed

    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None


def _has_tokenizer(folder: Path) -> bool:
    """Whether there is one, or what has one elsewhere: a GGUF in itself, an adapter in its base."""
    if gguf_files(folder) or (folder / ADAPTER).exists():
        return True
    return any((folder / file).exists() for file in TOKENIZERS)
