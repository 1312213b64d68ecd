"""What a worker does: it reads the model once, and does jobs with it on packs."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from attnviz.corpus.packs import Done, Job, compute_pack, read_pack
from attnviz.errors import AttnvizWarning, ModelError

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")


class Wanted(NamedTuple):
    """The model that packs are for: where it may be, and the SHA-256 of its weights."""

    names: tuple[str, ...]
    sha256: str


def wanted(model: Model) -> Wanted:
    """A model as workers know it."""
    names = dict.fromkeys((str(model.folder.absolute()), model.info.name))
    return Wanted(tuple(names), model.sha256())


class NotHere(Exception):
    """This worker has no model of these weights."""


_models: dict[Wanted, Model] = {}
_lock = threading.Lock()


def work(
    wanted: Wanted,
    job: Job[T, R],
    pack: list[T],
    files: Mapping[str, bytes] | None = None,
    *,
    told_of_length: bool = False,
) -> tuple[Done[T, R], list[str]]:
    """What a job makes of a pack on one core, and what was warned of meanwhile.

    ``files`` are those of the model, for a worker that has none of these weights; NotHere where
    they are missed. ``told_of_length`` says that a text that is too long has been warned of.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", AttnvizWarning)
        model = model_of(wanted, files)
        model.told_of_length = told_of_length  # packs may be of several runs
        done = compute_pack(job, model, read_pack(job, model, pack), 1)
    return done, [str(one.message) for one in told if issubclass(one.category, AttnvizWarning)]


def model_of(wanted: Wanted, files: Mapping[str, bytes] | None = None) -> Model:
    """The model, read once in a process; NotHere where it is nowhere."""
    with _lock:
        if wanted not in _models:
            _models[wanted] = _read(wanted, files)
        return _models[wanted]


def _read(wanted: Wanted, files: Mapping[str, bytes] | None) -> Model:
    from attnviz.model import load

    for name in _names(wanted, files):
        try:
            model = load(name, offline=True)
            if model.sha256() == wanted.sha256:
                model.info = replace(model.info, name=wanted.names[-1])  # as who asked calls it
                return model
        except (ModelError, OSError):
            continue
    raise NotHere(" or ".join(wanted.names))


def _names(wanted: Wanted, files: Mapping[str, bytes] | None) -> Iterator[str]:
    """Where the model may be: by its names, then in a folder of its own, gone with the process."""
    yield from wanted.names
    if files:
        folder = Path(tempfile.mkdtemp(prefix="attnviz-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        yield str(folder)
