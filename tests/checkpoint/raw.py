"""Safetensors files made byte by byte, so that they can also be wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "F8_E4M3": 1}


def entry(start: int, *shape: int, dtype: str = "F32") -> dict[str, Any]:
    """A header item for a tensor whose bytes begin at ``start``."""
    stop = start + BYTES[dtype] * int(np.prod(shape, dtype=int))
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


def safetensors(header: Mapping[str, Any] | bytes, data: bytes = b"") -> bytes:
    """A file with this header, written as it is when it is bytes, and this data."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data


def tensor_bytes(tensors: Mapping[str, tuple[str, tuple[int, ...], bytes]]) -> bytes:
    """A sound file of tensors given as dtype, shape and bytes."""
    header, data = {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    return safetensors(header, data)


def parsed(content: bytes) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """The tensors of a sound file, as ``tensor_bytes`` takes them."""
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    header.pop("__metadata__", None)
    return {
        name: (its["dtype"], tuple(its["shape"]), data[slice(*its["data_offsets"])])
        for name, its in header.items()
    }


def f32(values: Any) -> tuple[str, tuple[int, ...], bytes]:
    """An array as a float32 tensor for ``tensor_bytes``."""
    array = np.asarray(values, np.float32)
    return "F32", array.shape, array.tobytes()


def folder_with(folder: Path, content: bytes) -> Path:
    """The folder, made if need be, with this content as its model.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    return folder


SMALL = {"config.json": b'{"model_type": "bert"}', "tokenizer.json": b"{}"}
MODEL = SMALL | {"model.safetensors": tensor_bytes({"w": f32(np.arange(5000))})}
SHARDS = {"model-1.safetensors": tensor_bytes({"a": f32([1])}),
          "model-2.safetensors": tensor_bytes({"b": f32([2])})}  # fmt: skip
INDEX = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
SHARDED = SMALL | SHARDS | {"model.safetensors.index.json": json.dumps(INDEX).encode()}
