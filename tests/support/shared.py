"""Checkpoints beside the repository, with what transformers computed for them, where present."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.support.references import largest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "checkpoints"
ATTENTIONS = {
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
    "only": "attentions",
}


@dataclass(frozen=True)
class Row:
    """One sequence of a case without its padding: what goes in, and what must come out."""

    case: str
    given: dict[str, list[int]]
    expected: dict[str, np.ndarray]
    noise: dict[str, float]


def folders() -> list[Path]:
    return sorted(path.parent for path in FOLDER.glob("*/reference.npz"))


def rows(folder: Path) -> Iterator[Row]:
    """Every row of every case, those padded on the left aside."""
    described = json.loads((folder / "reference.json").read_text(encoding="utf-8"))["cases"]
    with np.load(folder / "reference.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    for case, about in described.items():
        if case != "leftpad":
            mine = {n.split(".")[1]: a for n, a in arrays.items() if n.startswith(f"{case}.")}
            for index in range(len(mine["input_ids"])):
                yield row(case, mine, index, noise_of(about["stats"]))


def noise_of(stats: dict[str, dict[str, float]]) -> dict[str, float]:
    """Float32's own noise by kind of output, 0 where none was recorded."""
    names = {"hidden": "last_hidden_state", **ATTENTIONS}
    return {kind: stats.get(name, {}).get("noise_f32_vs_f64") or 0 for kind, name in names.items()}


def row(case: str, arrays: dict[str, np.ndarray], index: int, noise: dict[str, float]) -> Row:
    source = arrays["attention_mask"][index].astype(bool)
    target = arrays.get("decoder_attention_mask", arrays["attention_mask"])[index].astype(bool)
    given = {"token_ids": arrays["input_ids"][index][source].tolist()}
    if "token_type_ids" in arrays:
        given["token_type_ids"] = arrays["token_type_ids"][index][source].tolist()
    if "decoder_input_ids" in arrays:
        given["target_ids"] = arrays["decoder_input_ids"][index][target].tolist()
    expected = {"hidden": arrays["last_hidden_state"][index][target]}
    for kind, name in ATTENTIONS.items():
        if name in arrays:
            queries = source if kind == "encoder" else target
            keys = target if kind == "decoder" else source
            expected[kind] = arrays[name][:, index][:, :, queries][..., keys]
    return Row(case, given, expected, noise)


def differences(result: object, expected: dict[str, np.ndarray]) -> dict[str, float]:
    """The largest difference by kind; a model of one stack has one map, whatever its kind."""
    maps = {kind: attention.weights for kind, attention in result.maps.items()}
    found = maps | {"hidden": result.hidden}
    if "only" in expected:
        (found["only"],) = maps.values()
    return {kind: largest(found[kind], array) for kind, array in expected.items()}
