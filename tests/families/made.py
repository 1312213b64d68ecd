"""Checkpoints of references with other values and tensors, translated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from attnviz.checkpoint.config import read_config
from attnviz.checkpoint.tensors import open_tensors
from attnviz.families import Translated, translate
from tests.support.references import read, recipe
from tests.support.seeded import write_checkpoint


def translated(
    folder: Path,
    name: str,
    config: Mapping[str, Any] | None = None,
    *,
    without: Collection[str] = (),
    tensors: Mapping[str, Sequence[int] | None] | None = None,
) -> Translated:
    """The checkpoint of a reference with other values, and with tensors of other shapes or none."""
    made = recipe(read(name))
    values = {key: value for key, value in made.config.items() if key not in without}
    shapes = {**made.tensors, **(tensors or {})}
    stored = {theirs: shape for theirs, shape in shapes.items() if shape is not None}
    write_checkpoint(folder, replace(made, config=values | dict(config or {}), tensors=stored))
    return translate(read_config(folder), open_tensors(folder))
