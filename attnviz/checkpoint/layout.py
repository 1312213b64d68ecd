"""Which files make a checkpoint: one of weights, or shards that an index names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from attnviz.checkpoint.files import read_json
from attnviz.errors import BadCheckpoint, quote

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
TORCH_SINGLE = "pytorch_model.bin"
TORCH_INDEX = "pytorch_model.bin.index.json"
SHARD = re.compile(r"([\w.-]+)-\d{5}-of-(\d{5})\.safetensors", re.ASCII)
GGUF_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.ASCII)
MOST_SHARDS = 1000
PICKLES = (".bin", ".pt", ".pth", ".ckpt")
ADAPTER = "adapter_config.json"
ADAPTER_FILES = ("adapter_model.safetensors", "adapter_model.bin")
OTHERS = {
    "*.onnx": "an ONNX file, which attnviz does not read; take the model's safetensors",
    "onnx/*.onnx": "an ONNX file, which attnviz does not read; take the model's safetensors",
    "tf_model.h5": "TensorFlow's weights; load it with transformers (from_tf=True) and call "
    "save_pretrained(), which writes safetensors",
    "flax_model.msgpack": "Flax's weights; load it with transformers (from_flax=True) and call "
    "save_pretrained(), which writes safetensors",
}
"""What a folder may hold instead of weights that are read, and what to do then."""


class WeightFiles(NamedTuple):
    """The files of one set of weights, and which tensor is where if an ``index_file`` says so."""

    files: tuple[str, ...]
    index_file: str | None = None
    where: Mapping[str, str] | None = None


def weight_files(folder: Path) -> WeightFiles | None:
    """The weights to read: safetensors first, a variant of them next, what torch saved last."""
    for single, index in ((SINGLE, INDEX), *_variants(folder)):
        if found := _named(folder, single, index):
            return found
    return _unnamed(folder) or _named(folder, TORCH_SINGLE, TORCH_INDEX)


def _named(folder: Path, single: str, index: str) -> WeightFiles | None:
    """The weights in one file of this name, or in shards that an index of this name lists."""
    if (folder / single).exists():
        return WeightFiles((single,))
    if (folder / index).exists():
        where = weight_map(folder, index)
        return WeightFiles(tuple(sorted(set(where.values()))), index, where)
    return None


def _unnamed(folder: Path) -> WeightFiles | None:
    """Shards without an index, all that their names count, or one safetensors file alone."""
    files = sorted(
        path.name
        for path in folder.glob("*.safetensors")
        if not path.name.startswith("adapter") and path.name.isprintable()
    )
    if len(files) == 1:
        return WeightFiles((files[0],))
    for file in files:
        counted = SHARD.fullmatch(file)
        if counted and int(counted[2]) <= MOST_SHARDS:
            wanted = [
                f"{counted[1]}-{n:05}-of-{counted[2]}.safetensors"
                for n in range(1, int(counted[2]) + 1)
            ]
            return WeightFiles(tuple(wanted))
    return None


def weight_map(folder: Path, index: str = INDEX) -> dict[str, str]:
    """Which file holds which tensor; only plain names of weights files are believed."""
    files = read_json(folder / index).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise BadCheckpoint(f"{index} has no weight_map")
    suffix = PICKLES[0] if index == TORCH_INDEX else ".safetensors"
    for name, file in files.items():
        plain = isinstance(file, str) and file.isprintable() and not set(file) & set("/\\:")
        if not plain or not file.endswith(suffix):
            raise BadCheckpoint(
                f"{index} puts {quote(name)} in {quote(file)}, "
                f"which is not a {suffix.removeprefix('.')} file of this folder"
            )
    return files


def missing_file(folder: Path) -> str | None:
    """The first file without which a folder is no checkpoint, as after a broken-off download."""
    if (folder / ADAPTER).exists():
        files = (folder / name for name in ADAPTER_FILES)
        if any(path.exists() for path in files):
            return None
    if not (folder / "config.json").exists():
        return _missing_part(folder, "config.json")
    try:
        found = weight_files(folder)
    except BadCheckpoint:  # nothing is missing; opening it says what is wrong
        return None
    if found is None:
        return _missing_part(folder, SINGLE)
    return next((file for file in found.files if not (folder / file).exists()), None)


def _missing_part(folder: Path, otherwise: str) -> str | None:
    """The first part of a GGUF that is not there; where there is no GGUF at all, another name."""
    files = gguf_files(folder)
    parts = gguf_parts(files[0]) if files else [folder / otherwise]
    return next((part.name for part in parts if not part.exists()), None)


def no_weights(folder: Path) -> BadCheckpoint:
    """The error for a folder without weights that we read: what it has instead, what to do."""
    for pattern, what in OTHERS.items():
        for path in sorted(folder.glob(pattern)):
            return BadCheckpoint(
                f"{quote(folder)} has no {SINGLE} but only {quote(path.name)}, {what}"
            )
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in PICKLES)
    if pickles:
        instead = f" but {quote(pickles[0])}; rename it to {TORCH_SINGLE} if it holds the weights"
    elif any((folder / name).exists() for name in ADAPTER_FILES):
        instead = f" but only an adapter, without the {ADAPTER} that says what it is merged into"
    else:
        instead = ""
    return BadCheckpoint(f"{quote(folder)} has no {SINGLE}{instead}")


def gguf_files(folder: Path) -> list[Path]:
    """The GGUF files of a folder."""
    return sorted(folder.glob("*.gguf"))


def gguf_parts(path: Path) -> list[Path]:
    """The files of one GGUF in their order: itself, or all parts that its name counts."""
    counted = GGUF_PART.fullmatch(path.name)
    if not counted or int(counted[3]) > MOST_SHARDS:
        return [path]
    return [
        path.with_name(f"{counted[1]}-{number:05}-of-{counted[3]}.gguf")
        for number in range(1, int(counted[3]) + 1)
    ]


def _variants(folder: Path) -> list[tuple[str, str]]:
    """Weights in another precision, as ``model.fp16.safetensors``, and the index of such shards."""
    names = [path.name.split(".")[1] for path in folder.glob("model.*.safetensors")]
    names += [path.name.split(".")[-2] for path in folder.glob("model.safetensors.index.*.json")]
    return [
        (f"model.{name}.safetensors", f"model.safetensors.index.{name}.json")
        for name in sorted({name for name in names if name.isalnum()})
    ]
