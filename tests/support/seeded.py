"""Checkpoints made from a seed: weights drawn by name and shape, written as Hugging Face folders.

Both sides of a reference test call this, the one that runs transformers and the one that runs
attnviz, so a reference need store only the shapes and what came out.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "uint8": "U8",
    "bool": "BOOL",
}
Entry = tuple[str, list[int], bytes]
Arrays = dict[str, np.ndarray]
Shapes = Mapping[str, Sequence[int]]

TABLES = re.compile(r"embed|wte|wpe|shared|relative_attention_bias")


@dataclass(frozen=True)
class Recipe:
    """All that a checkpoint is made of; ``config`` and the names are as they are on disk.

    ``gain`` multiplies the weights whose name matches a pattern and ``constants`` sets them;
    ``copies`` are tensors stored
    again under another name; ``stale`` are buffers of old checkpoints, (dtype, shape), that a
    reader must ignore and that hold zeros here; ``dtype`` is how the weights are stored.
    """

    config: Mapping[str, Any]
    tensors: Shapes
    seed: int = 0
    gain: Mapping[str, float] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    stale: Mapping[str, tuple[str, Sequence[int]]] = field(default_factory=dict)
    dtype: str = "float32"
    shards: int = 1


def seeded_state(shapes: Shapes, seed: int = 0, gain: Mapping[str, float] | None = None) -> Arrays:
    """Draw every tensor from its own stream, so that a name and a shape decide its values.

    The legacy generator and uniform numbers are bit for bit the same on every platform and
    NumPy version. Scales are chosen so that activations stay near 1 and attention has peaks.
    """
    return {name: draw(name, shape, seed, gain or {}) for name, shape in shapes.items()}


def draw(name: str, shape: Sequence[int], seed: int, gain: Mapping[str, float]) -> np.ndarray:
    stream = np.random.RandomState(crc32(f"{seed} {name}".encode()))
    values = math.sqrt(3) * (2 * stream.random_sample(tuple(shape)) - 1)  # variance 1
    factor = math.prod(f for pattern, f in gain.items() if re.search(pattern, name))
    if len(shape) == 1 and name.endswith(("weight", "gamma")):
        values = 1 + 0.25 * values
    elif len(shape) <= 1:
        values *= 0.25
    elif not TABLES.search(name):
        values *= 1.3 / math.sqrt(math.prod(shape) / max(shape))
    return np.asarray(factor * values, np.float32)


def write_checkpoint(folder: Path, recipe: Recipe) -> None:
    """Write config.json and model.safetensors, or shards and their index."""
    state = seeded_state(recipe.tensors, recipe.seed, recipe.gain)
    for name, tensor in state.items():
        for pattern, value in recipe.constants.items():
            if re.search(pattern, name):
                state[name] = np.full_like(tensor, value)
    state |= {name: state[source] for name, source in recipe.copies.items()}
    entries = {name: encode(tensor, recipe.dtype) for name, tensor in state.items()}
    for name, (dtype, shape) in recipe.stale.items():
        entries[name] = encode(np.zeros(shape, dtype), dtype)
    (folder / "config.json").write_text(json.dumps(recipe.config), encoding="utf-8")
    if recipe.shards == 1:
        write_tensors(folder / "model.safetensors", entries)
    else:
        write_shards(folder, entries, recipe.shards)


def write_shards(folder: Path, entries: Mapping[str, Entry], shards: int) -> None:
    """Deal the tensors out over several files, so that one layer lies in more than one."""
    names = [f"model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
    place = {tensor: names[i % shards] for i, tensor in enumerate(sorted(entries))}
    for name in names:
        mine = {tensor: entries[tensor] for tensor, file in place.items() if file == name}
        write_tensors(folder / name, mine)
    index = {"metadata": {"total_size": 0}, "weight_map": place}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def write_tensors(path: Path, entries: Mapping[str, Entry]) -> None:
    """Write a safetensors file; NumPy has no bfloat16, so the format is spelt out here."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape, data) in entries.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(e[2] for e in entries.values()))


def encode(tensor: np.ndarray, dtype: str) -> Entry:
    """One tensor's name of its dtype, shape and bytes."""
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(tensor, np.float32).view(np.uint32)
        data = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)  # to nearest even
    else:
        data = tensor.astype(dtype)
    return DTYPES[dtype], list(tensor.shape), data.tobytes()
