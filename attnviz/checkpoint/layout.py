"""Which files make a checkpoint: one of weights, or shards that an index names."""

from __future__ import annotations

from pathlib import Path

from attnviz.checkpoint.files import read_json
from attnviz.errors import BadCheckpoint, quote

__all__ = ["INDEX", "PICKLES", "SINGLE", "missing_file", "no_weights", "weight_map"]

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt")


def weight_map(folder: Path) -> dict[str, str]:
    """Which file holds which tensor; only plain names of safetensors files are believed."""
    files = read_json(folder / INDEX).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise BadCheckpoint(f"{INDEX} has no weight_map")
    for name, file in files.items():
        plain = isinstance(file, str) and file.isprintable() and not set(file) & set("/\\:")
        if not plain or not file.endswith(".safetensors"):
            raise BadCheckpoint(
                f"{INDEX} puts {quote(name)} in {quote(file)}, "
                "which is not a safetensors file of this folder"
            )
    return files


def missing_file(folder: Path) -> str | None:
    """The first file without which a folder is no checkpoint, as after a broken-off download."""
    if not (folder / "config.json").exists():
        return "config.json"
    if (folder / SINGLE).exists():
        return None
    if not (folder / INDEX).exists():
        return SINGLE
    try:
        shards = sorted(set(weight_map(folder).values()))
    except BadCheckpoint:  # nothing is missing; opening it says what is wrong
        return None
    return next((file for file in shards if not (folder / file).exists()), None)


def no_weights(folder: Path) -> BadCheckpoint:
    """The error for a folder without weights that we read: what it has instead, what to do."""
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in PICKLES)
    if pickles:
        instead = (
            f" but only {quote(pickles[0])}, a pickle, which attnviz never opens; load it "
            "with transformers and call save_pretrained(), which writes safetensors"
        )
    elif (folder / "adapter_model.safetensors").exists():
        instead = " but only an adapter; merge it into its base model first"
    else:
        instead = ""
    return BadCheckpoint(f"{quote(folder)} has no {SINGLE}{instead}")
