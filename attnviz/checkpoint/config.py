"""config.json and the small files beside it: what a checkpoint says about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.checkpoint.files import read_json
from attnviz.errors import ModelError

LENGTHS = {
    "sentence_bert_config.json": "max_seq_length",
    "tokenizer_config.json": "model_max_length",
}
TRUNCATION = re.compile(rb'"truncation"\s*:\s*\{[^{}]*"max_length"\s*:\s*(\d{1,9})\b')
BEGINNING = 1000  # bytes of a tokenizer.json in which it says where it cuts
NO_LENGTH = 10**9  # from which on a number is no length but says that there is none
QUANTISATION = ("quantization_config", "quantization")
"""What says how weights are quantised, as others and as MLX call it."""


def read_config(folder: Path) -> dict[str, Any]:
    """The object in ``config.json``; BadCheckpoint when it is missing, damaged or no object."""
    return read_json(folder / "config.json")


def quantisation(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """How weights are quantised, None where they are not."""
    said = next((config[key] for key in QUANTISATION if config.get(key)), None)
    return said if isinstance(said, Mapping) else None


def read_generation_config(folder: Path) -> dict[str, Any]:
    """The object in ``generation_config.json``; empty where the folder has none."""
    path = folder / "generation_config.json"
    return read_json(path) if path.exists() else {}


def read_max_seq_length(folder: Path) -> int | None:
    """The most tokens that any file says texts are to have; None where none can be believed.

    Those are sentence_bert_config.json, tokenizer_config.json, and tokenizer.json's own truncation:
    a model may have positions for longer texts than it was ever trained on.
    """
    said = [_length(folder / file, key) for file, key in LENGTHS.items()]
    said.append(_truncation(folder / "tokenizer.json"))
    return min((length for length in said if length), default=None)


def _length(path: Path, key: str) -> int | None:
    try:
        length = read_json(path).get(key) if path.exists() else None
    except ModelError:  # whoever needs the file says what is wrong with it
        return None
    return length if type(length) is int and 0 < length < NO_LENGTH else None


def _truncation(path: Path) -> int | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            found = TRUNCATION.search(file.read(BEGINNING))
    except OSError:
        return None
    return int(found[1]) if found else None
