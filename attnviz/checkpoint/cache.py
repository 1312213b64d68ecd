"""The Hugging Face cache on this machine, read without the library that fills it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

COMMIT = re.compile(r"[0-9a-f]{40}")
DEFAULT_REVISION = "main"


class Snapshot(NamedTuple):
    """One downloaded commit of a repository; ``ref`` is the branch or tag that led to it."""

    repo: str
    commit: str
    folder: Path
    ref: str | None = None

    @property
    def name(self) -> str:
        """How a user asks for it: ``org/name``, or ``org/name@revision`` for any but main."""
        return (
            self.repo if self.ref == DEFAULT_REVISION else f"{self.repo}@{self.ref or self.commit}"
        )


def hub_cache() -> Path:
    """Where models from the Hub are kept, by HF_HUB_CACHE, HF_HOME or XDG_CACHE_HOME."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return _expanded(os.environ[variable])
    if os.environ.get("HF_HOME"):
        return _expanded(os.environ["HF_HOME"]) / "hub"
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def repo_folder(repo: str) -> Path:
    """The folder of a repository in the cache."""
    return hub_cache() / f"models--{repo.replace('/', '--')}"


def find_snapshot(repo: str, revision: str | None) -> Snapshot | None:
    """What the cache has of a repository at a branch, a tag or a full commit hash."""
    ref = revision or DEFAULT_REVISION
    commit = ref if COMMIT.fullmatch(ref) else _commit_of(repo_folder(repo) / "refs" / ref)
    folder = repo_folder(repo) / "snapshots" / (commit or "")
    if commit is None or not folder.is_dir():
        return None
    return Snapshot(repo, commit, folder, None if commit == ref else ref)


def list_snapshots() -> Iterator[Snapshot]:
    """Every snapshot of every model in the cache, repositories in alphabetical order."""
    try:
        places = sorted(hub_cache().glob("models--*"))
    except (OSError, ValueError):
        return
    for place in places:
        try:
            yield from _snapshots_of(place)
        except OSError:  # a folder that cannot be read holds no model that can
            continue


def _snapshots_of(place: Path) -> Iterator[Snapshot]:
    """The snapshots in the folder of one repository."""
    repo = place.name.removeprefix("models--").replace("--", "/", 1)
    refs = _refs(place / "refs")
    for folder in sorted((place / "snapshots").glob("*")):
        if COMMIT.fullmatch(folder.name) and folder.is_dir():
            yield Snapshot(repo, folder.name, folder, refs.get(folder.name))


def _refs(folder: Path) -> dict[str, str]:
    """Which branch or tag leads to a commit; main, where several do."""
    names = {path.relative_to(folder).as_posix(): _commit_of(path) for path in folder.rglob("*")}
    by_commit = {commit: name for name, commit in sorted(names.items()) if commit}
    main = names.get(DEFAULT_REVISION)
    return by_commit | {main: DEFAULT_REVISION} if main else by_commit


def _commit_of(ref: Path) -> str | None:
    """The commit that a file under ``refs`` names, if it is one."""
    try:
        with ref.open("rb") as file:
            text = file.read(64).decode().strip()
    except (OSError, ValueError):
        return None
    return text if COMMIT.fullmatch(text) else None


def _expanded(path: str) -> Path:
    try:
        return Path(os.path.expandvars(path)).expanduser()
    except RuntimeError:  # a user without a home
        return Path(path)
