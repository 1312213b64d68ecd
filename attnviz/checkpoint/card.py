"""What can be said of the models on this machine before any of them is computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from attnviz.checkpoint.config import read_config
from attnviz.checkpoint.layout import missing_file
from attnviz.checkpoint.source import Source, find, known
from attnviz.errors import BadCheckpoint, ModelError, ModelNotFound, quote

__all__ = ["Card", "Listing", "describe", "list_models"]


class Listing(NamedTuple):
    """One line of a list of models; ``missing`` names a file without which it cannot be run."""

    source: Source
    model_type: str | None
    nbytes: int
    missing: str | None


class Card(NamedTuple):
    """A model's files in detail; ``problem`` is the sentence that says why they cannot be used."""

    source: Source
    config: Mapping[str, Any]
    nbytes: int
    n_parameters: int | None = None
    storage: str | None = None
    problem: str | None = None


def list_models() -> list[Listing]:
    """The embedded models, then those in the Hugging Face cache that have a config.json."""
    return [_listing(source) for source in known() if (source.folder / "config.json").exists()]


def describe(name: str) -> Card:
    """A model on this machine, also one whose files are damaged or lacking."""
    source = find(name)
    if source is None:
        raise ModelNotFound(
            f"{quote(name)} is not on this machine; attnviz models pull {name} fetches it"
        )
    nbytes = _size(source.folder)
    config: Mapping[str, Any] = {}
    try:
        config = read_config(source.folder)
        from attnviz.checkpoint.tensors import open_tensors  # loads NumPy, which a list does not

        tensors = open_tensors(source.folder)
    except ModelError as error:
        return Card(source, config, nbytes, problem=str(error))
    return Card(source, config, nbytes, tensors.n_parameters, tensors.storage)


def _listing(source: Source) -> Listing:
    try:
        model_type = read_config(source.folder).get("model_type")
    except BadCheckpoint:
        model_type = None
    if not isinstance(model_type, str):
        model_type = None
    return Listing(source, model_type, _size(source.folder), missing_file(source.folder))


def _size(folder: Path) -> int:
    """How many bytes the files of a folder take; links count as what they lead to."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
