"""Run transformers on a case: which tensors it wants, and what it computes from ours."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import AutoConfig

from tests.oracle.cases.case import Case, Inputs
from tests.oracle.patches import patch
from tests.support.seeded import Recipe, write_checkpoint

Outputs = dict[str, np.ndarray]
TOWERS = ("CLIPModel", "SiglipModel")  # which as a whole want images too


def design(case: Case) -> Recipe:
    """The recipe of a case; transformers says which tensors there are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.json").write_text(json.dumps({**case.config, **case.read_as}), "utf-8")
        config = AutoConfig.from_pretrained(folder)
        getattr(transformers, case.architecture)(config).save_pretrained(folder)
        shapes = read_shapes(folder / "model.safetensors")
    renamed = {case.storage.spell(name): shape for name, shape in shapes.items()}
    return Recipe(
        config=case.config,
        tensors={name: shape for name, shape in renamed.items() if name is not None}
        | {name: list(shape) for name, shape in case.storage.extra.items()},
        gain=case.gain,
        constants=case.constants,
        copies=case.storage.copies,
        stale=case.storage.stale,
        dtype=case.storage.dtype,
        shards=case.storage.shards,
    )


def read_shapes(path: Path) -> dict[str, list[int]]:
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


def outputs(case: Case, recipe: Recipe, dtype: torch.dtype) -> list[Outputs]:
    """What transformers computes in this dtype from the checkpoint as it is on disk."""
    with tempfile.TemporaryDirectory() as folder:
        readable = replace(recipe, config={**recipe.config, **case.read_as})
        write_checkpoint(Path(folder), readable)
        return [run(Path(folder), case, given, dtype) for given in case.inputs]


def run(folder: Path, case: Case, given: Inputs, dtype: torch.dtype) -> Outputs:
    """One input through a model loaded afresh, because some models remember the last length."""
    model = load(folder, case).to(dtype)
    names = {"token_ids": "input_ids", "target_ids": "decoder_input_ids"}
    tensors = {names.get(name, name): torch.tensor([ids]) for name, ids in given.items()}
    whole = model.text_model if case.architecture in TOWERS else model.base_model
    with torch.no_grad():
        output = whole(
            **tensors, output_attentions=True, output_hidden_states=True, use_cache=False
        )
    return collect(output, case.kind)


def load(folder: Path, case: Case) -> Any:
    """The model, once transformers has found every tensor it wants."""
    model, loading = getattr(transformers, case.architecture).from_pretrained(
        folder,
        attn_implementation="eager",
        experts_implementation="eager",  # the others know no float64
        dtype=torch.float32,
        output_loading_info=True,
    )
    missing = {
        name
        for name in loading["missing_keys"]
        if not any(omitted in name for omitted in case.storage.omitted)
    }
    if missing or loading["mismatched_keys"]:
        raise ValueError(f"{case.name}: {missing} {loading['mismatched_keys']}")
    patch(model)
    return model.eval()


def collect(output: Any, kind: str) -> Outputs:
    """Maps (layer, head, query, key) by kind, and the last hidden state (token, d_model)."""
    stacks = {name: output.get(f"{name}_attentions") for name in ("encoder", "decoder", "cross")}
    arrays = {name: torch.cat(maps).numpy() for name, maps in stacks.items() if maps}
    if not arrays:
        arrays[kind] = torch.cat(output.attentions).numpy()
    hidden = output.get("last_hidden_state")
    if hidden is None:
        hidden = output.decoder_hidden_states[-1]
    return arrays | {"hidden": hidden[0].numpy()}
