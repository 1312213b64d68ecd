"""Small checkpoints for tests: a reference's recipe, a vocabulary of another size, a tokenizer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import attnviz
from tests.support.references import read, recipe
from tests.support.seeded import Recipe, seeded_state, write_checkpoint

TOKENIZERS = Path(__file__).resolve().parents[1] / "fixtures" / "tokenizers"
VOCABULARIES = {None: 40, "wordpiece": 189, "byte-level": 450, "unigram": 124}
TABLES = (
    "word_embeddings.weight",
    "wte.weight",
    "shared.weight",
    "logits_bias",
    "predictions.bias",
)


def small(name: str, tokenizer: str | None = None, *, seed: int = 0, **config: Any) -> Recipe:
    """The recipe of a reference with a vocabulary for a tokenizer and other config values."""
    found, size = recipe(read(name)), VOCABULARIES[tokenizer]
    tensors = {
        theirs: [size if n == 40 else n for n in shape] if theirs.endswith(TABLES) else shape
        for theirs, shape in found.tensors.items()
    }
    values = {**found.config, "vocab_size": size, **config}
    return replace(found, config=values, tensors=tensors, seed=seed)


def write(
    folder: Path, made: Recipe, tokenizer: str | None = None, generation: Any = None
) -> attnviz.Model:
    """The model of a recipe, written into a folder and loaded from it."""
    write_checkpoint(folder, made)
    if tokenizer:
        written = json.loads((TOKENIZERS / tokenizer / "tokenizer.json").read_text("utf-8"))
        untruncated = {**written, "truncation": None}  # which would say how long texts may be
        (folder / "tokenizer.json").write_text(json.dumps(untruncated), "utf-8")
    if generation is not None:
        (folder / "generation_config.json").write_text(json.dumps(generation))
    return attnviz.load(folder)


def state(made: Recipe) -> dict[str, np.ndarray]:
    """The tensors of a recipe by the checkpoint's own names, in float64."""
    found = seeded_state(made.tensors, made.seed, made.gain)
    return {name: np.float64(tensor) for name, tensor in found.items()}
