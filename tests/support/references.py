"""Stored references: what transformers computed once, and how far attnviz is from it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.seeded import Recipe, write_checkpoint

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "references"
FLOOR = 2e-5


def names(family: str = "") -> list[str]:
    """The stored references, of one family or all."""
    return sorted(path.stem for path in FOLDER.glob(f"{family}-*.json" if family else "*.json"))


def read(name: str) -> dict[str, Any]:
    """One reference's description: recipe, inputs, noise, and where its outputs are stored."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    reference: dict[str, Any] = {"outputs": name, **json.loads(text)}
    if reference["outputs"] != name:
        reference["noise"] = read(reference["outputs"])["noise"]
    return reference


def recipe(reference: Mapping[str, Any]) -> Recipe:
    """How to make the checkpoint of a reference."""
    return Recipe(**reference["recipe"])


def outputs(reference: Mapping[str, Any]) -> list[dict[str, np.ndarray]]:
    """What transformers gave for each input: maps by kind, and "hidden"."""
    with np.load(FOLDER / f"{reference['outputs']}.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    return [
        {name.split(".")[1]: array for name, array in arrays.items() if name.startswith(f"{i}.")}
        for i in range(len(reference["inputs"]))
    ]


def tolerance(noise: float | None) -> float:
    """A difference that rounding explains: four times what float32 itself is off by."""
    return max(FLOOR, 4 * (noise or 0.0))


def differences(result: Any, expected: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The largest difference of each kind of map and of the hidden states."""
    found = {kind: attention.weights for kind, attention in result.maps.items()}
    found["hidden"] = result.hidden
    assert set(found) == set(expected)
    return {kind: largest(found[kind], array) for kind, array in expected.items()}


def largest(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest absolute difference; NaN anywhere makes it infinite."""
    assert found.shape == expected.shape, f"{found.shape} instead of {expected.shape}"
    difference = float(np.abs(found - expected).max())
    return difference if np.isfinite(difference) else float("inf")


def check_case(name: str) -> dict[str, float]:
    """Run attnviz on a reference's checkpoint; the differences, once they are within tolerance."""
    import attnviz

    reference = read(name)
    worst: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), recipe(reference))
        model = attnviz.load(folder)
        for given, expected in zip(reference["inputs"], outputs(reference), strict=True):
            result = model.attend(**given, hidden=True)
            for kind, difference in differences(result, expected).items():
                worst[kind] = max(worst.get(kind, 0.0), difference)
    for kind, difference in worst.items():
        assert difference <= tolerance(reference["noise"][kind]), f"{name} {kind}: {difference:.2e}"
    return worst
