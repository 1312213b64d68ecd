"""Compare masked attention with transformers' eager pass, over folders of checkpoints.

``python -m tests.oracle.masks FOLDER …`` pads ids on the right, on the left and between, hides the
padding with a mask in both programs, and prints the largest difference of rows that are seen, and
of rows that are masked themselves, which no seen token ever depends on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import AutoConfig

import attnviz
from attnviz.errors import AttnvizError

IDS = [5, 9, 13, 6, 11, 7, 4, 10, 8, 3, 12, 5]
HIDDEN = 4
NAMES = {"attentions": "encoder", "encoder_attentions": "encoder",
         "decoder_attentions": "decoder", "cross_attentions": "cross"}  # fmt: skip


def main(folders: list[str]) -> None:
    """A line for each folder that both programs load."""
    worst = 0.0
    for folder in map(Path, folders):
        try:
            model = attnviz.load(folder)
            theirs = load(folder)
        except (AttnvizError, OSError, ValueError, KeyError, AttributeError) as error:
            print(f"{folder.name}: {type(error).__name__}: {str(error)[:120]}")
            continue
        for side in ("right", "left", "between"):
            try:
                seen, masked = differences(model, theirs, side)
            except AttnvizError as error:
                print(f"{folder.name} {side}: {error}")
                continue
            worst = max(worst, seen)
            print(f"{folder.name} {side}: seen rows {seen:.1e}, masked rows {masked:.1e}")
    print(f"largest difference of seen rows: {worst:.1e}")


def load(folder: Path) -> Any:
    """The model of a folder as transformers has it, with eager attention."""
    config = AutoConfig.from_pretrained(folder)
    name = (json.loads((folder / "config.json").read_text()).get("architectures") or [None])[0]
    kind = getattr(transformers, name) if name else transformers.AutoModel
    return kind.from_pretrained(
        folder, config=config, attn_implementation="eager", dtype=torch.float32
    ).eval()


def differences(model: attnviz.Model, theirs: Any, side: str) -> tuple[float, float]:
    """The largest difference of any weight in rows that are seen, and in rows that are masked."""
    first = model.spec.stacks[0]
    n = min(len(IDS), (first.max_positions or 99) - HIDDEN)
    some = [id % first.embedding.vocab_size for id in IDS[:n]]
    padding = [model.rules.padding or 0] * HIDDEN
    at = {"left": 0, "right": n, "between": n // 2}[side]
    ids = [*some[:at], *padding, *some[at:]]
    mask = [int(not at <= i < at + HIDDEN) for i in range(len(ids))]
    target = [2, 5, 9, 6]
    given: dict[str, Any] = {"token_ids": ids, "attention_mask": mask}
    asked: dict[str, Any] = {
        "input_ids": torch.tensor([ids]),
        "attention_mask": torch.tensor([mask]),
    }
    if model.has_target:
        given["target_ids"] = target
        asked["decoder_input_ids"] = torch.tensor([target])
    with torch.no_grad():
        found = theirs(**asked, output_attentions=True, use_cache=False)
    ours = model.attend(**given)
    seen = masked = 0.0
    for name, kind in NAMES.items():
        layers = found.get(name)
        if not layers:
            continue
        kind = kind if kind in ours.maps else "decoder"
        other = torch.stack(list(layers))[:, 0].numpy()
        apart = np.abs(ours.maps[kind].weights - np.nan_to_num(other))
        rows = np.asarray(mask, bool)
        if apart.shape[2] == len(rows) and not (kind == "decoder" and model.has_target):
            masked = max(masked, float(apart[:, :, ~rows].max()))
            apart = apart[:, :, rows]
        seen = max(seen, float(apart.max()))
    return seen, masked


if __name__ == "__main__":
    main(sys.argv[1:])
