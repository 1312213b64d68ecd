"""From a model's name to a model."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from attnviz.checkpoint.opened import open_checkpoint
from attnviz.checkpoint.source import DEFAULT_MODEL, resolve
from attnviz.errors import InputError, quote
from attnviz.families import translate
from attnviz.model.generate import Rules
from attnviz.model.model import Model


def load(name: str | Path = DEFAULT_MODEL, *, offline: bool = False) -> Model:
    """The model of that name: embedded, a folder, in the Hugging Face cache or on the Hub.

    Raises ModelNotFound, BadCheckpoint or UnsupportedModel.
    """
    if not isinstance(name, str | PathLike):
        raise InputError(f"a model is named by its name or its folder, not by {quote(name)}")
    source = resolve(str(name), offline=offline)
    config, generation, tensors, folders = open_checkpoint(source.folder)
    source = source._replace(folder=_with_tokenizer(folders))
    rules = Rules.of(config, generation)
    return Model(source, translate(config, tensors), tensors, rules, generation)


def _with_tokenizer(folders: Sequence[Path]) -> Path:
    """The first folder that has a tokenizer, or else the last one."""
    if len(folders) == 1:
        return folders[0]
    from attnviz.tokenizer.tokenizer import has_tokenizer

    return next((folder for folder in folders if has_tokenizer(folder)), folders[-1])
