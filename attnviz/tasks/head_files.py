"""Small trained heads on disk: a folder of head.json, model.safetensors and a card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import BadCheckpoint, ModelNotFound, quote
from attnviz.result import FloatArray

CONFIG, WEIGHTS, CARD = "head.json", "model.safetensors", "README.md"
EMBEDDED = Path(__file__).resolve().parent.parent / "models"
LARGEST_CONFIG = 1 << 24  # bytes

Config = dict[str, Any]


def folder_of(name: str | Path, task: str) -> Path:
    """The folder of a head: one that comes with attnviz, by its name, or any other by its path."""
    embedded = sorted(path.parent.name for path in EMBEDDED.glob(f"*/{CONFIG}"))
    if str(name) in embedded:
        return EMBEDDED / str(name)
    folder = Path(name)
    try:
        there = folder.is_dir()
    except (OSError, ValueError):
        there = False
    if not there:
        raise ModelNotFound(
            f"{quote(name)} is neither a folder nor one of {', '.join(embedded)}; "
            f"'attnviz {task}' takes a folder that holds {CONFIG} and {WEIGHTS}"
        )
    return folder


def read_head(
    name: str | Path, task: str, shapes: Mapping[str, tuple[str, ...]]
) -> tuple[Config, dict[str, FloatArray]]:
    """What head.json says and the weights, finite and of the shapes it implies, in float32.

    ``shapes`` names the keys of head.json that give each array's sizes.
    """
    folder = folder_of(name, task)
    config = _config(folder, task)
    tensors = open_tensors(folder)
    for key, dimensions in shapes.items():
        expected = tuple(config.get(size) for size in dimensions)
        found = tensors.shape(key) if key in tensors.names else None
        if found != expected:
            raise BadCheckpoint(
                f"{quote(folder / WEIGHTS)} has {quote(key)} of shape {found}, but {CONFIG} "
                f"says {expected}, so they do not belong together"
            )
    return config, {key: tensors.read(key) for key in shapes}


def written_head(config: Config, arrays: Mapping[str, FloatArray], card: str) -> dict[str, bytes]:
    """The files of a head by name."""
    return {
        CONFIG: (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode(),
        WEIGHTS: _safetensors(arrays),
        CARD: card.encode(),
    }


def _config(folder: Path, task: str) -> Config:
    path = folder / CONFIG
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise BadCheckpoint(f"{quote(path)} is not a regular file; make the folder again")
    try:
        data = path.read_bytes()
        config = json.loads(data[:LARGEST_CONFIG])
    except OSError as error:
        raise BadCheckpoint(
            f"{quote(path)} cannot be read: {error.strerror}; "
            f"'attnviz {task}' takes a folder that holds it"
        ) from None
    except (ValueError, RecursionError):
        raise BadCheckpoint(f"{quote(path)} is not JSON; make the folder again") from None
    if not isinstance(config, dict) or config.get("task") != task:
        raise BadCheckpoint(f"{quote(path)} does not describe a head for {task!r}")
    _require_encoder(config, path)
    return config


def _require_encoder(config: Config, path: Path) -> None:
    """Raise BadCheckpoint unless it is said which vectors the head reads."""
    layers, sizes = config.get("layers"), (config.get("d_model"), config.get("d_attention"))
    if not (
        isinstance(config.get("model"), str)
        and isinstance(layers, list)
        and layers
        and all(type(layer) is int and 0 <= layer < 1000 for layer in layers)
        and all(type(size) is int and size > 0 for size in sizes)
    ):
        raise BadCheckpoint(f"{quote(path)} does not say which model's layers its head reads")


def _safetensors(arrays: Mapping[str, FloatArray]) -> bytes:
    """Arrays as a safetensors file: the length of a header, the header, the numbers."""
    header: dict[str, Any] = {}
    data = b""
    for name, array in arrays.items():
        numbers = np.ascontiguousarray(array, "<f4").tobytes()
        places = [len(data), len(data) + len(numbers)]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": places}
        data += numbers
    described = json.dumps(header).encode()
    described += b" " * (-len(described) % 8)
    return len(described).to_bytes(8, "little") + described + data
