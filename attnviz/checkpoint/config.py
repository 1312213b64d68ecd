"""config.json: what a checkpoint says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.checkpoint.files import read_json

__all__ = ["read_config", "read_generation_config"]


def read_config(folder: Path) -> dict[str, Any]:
    """The object in ``config.json``; BadCheckpoint when it is missing, damaged or no object."""
    return read_json(folder / "config.json")


def read_generation_config(folder: Path) -> dict[str, Any]:
    """The object in ``generation_config.json``; empty where the folder has none."""
    path = folder / "generation_config.json"
    return read_json(path) if path.exists() else {}
