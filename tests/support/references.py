"""Stored references: what transformers computed once, and how far attnviz is from it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.seeded import Recipe, write_checkpoint

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "references"
FLOOR = 2e-5

Arrays = Mapping[str, Sequence[Mapping[str, np.ndarray]]]  # by reference, input and kind


def names() -> list[str]:
    """Every stored reference."""
    return sorted(name for family in families() for name in descriptions(family))


def families() -> list[str]:
    """What the references are stored by: ``bert`` holds bert-plain, bert-relative and others."""
    return sorted(path.stem for path in FOLDER.glob("*.jsonl"))


def family_of(name: str) -> str:
    """The family that a reference is stored with: of those it begins with, the longest."""
    return max((f for f in families() if name.startswith(f"{f}-")), key=len)


@cache
def descriptions(family: str) -> dict[str, dict[str, Any]]:
    """The descriptions of a family's references, by name."""
    lines = (FOLDER / f"{family}.jsonl").read_text(encoding="utf-8").splitlines()
    return {reference.pop("name"): reference for reference in map(json.loads, lines)}


def read(name: str) -> dict[str, Any]:
    """One reference's description: recipe, inputs, noise, and where its outputs are stored."""
    stored = deepcopy(descriptions(family_of(name))[name])
    reference: dict[str, Any] = {"outputs": name, **stored}
    if reference["outputs"] != name:
        reference["noise"] = read(reference["outputs"])["noise"]
    return reference


def write(family: str, stored: Mapping[str, Mapping[str, Any]], arrays: Arrays) -> None:
    """Store the references of a family, by name: descriptions a line each, and their arrays.

    The same references make the same bytes: members of the archive bear no date.
    """
    lines = [
        json.dumps({"name": name, **about}, separators=(",", ":")) for name, about in stored.items()
    ]
    (FOLDER / f"{family}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    members = {
        f"{name}.{i}.{kind}": array
        for name, inputs in arrays.items()
        for i, given in enumerate(inputs)
        for kind, array in given.items()
    }
    np.savez_compressed(FOLDER / f"{family}.npz", **members)


def recipe(reference: Mapping[str, Any]) -> Recipe:
    """How to make the checkpoint of a reference."""
    return Recipe(**reference["recipe"])


def outputs(reference: Mapping[str, Any]) -> list[dict[str, np.ndarray]]:
    """What transformers gave for each input: maps by kind, and "hidden"."""
    name = reference["outputs"]
    found: list[dict[str, np.ndarray]] = [{} for _ in reference["inputs"]]
    with np.load(FOLDER / f"{family_of(name)}.npz") as stored:
        for member in stored.files:
            owner, i, kind = member.rsplit(".", 2)
            if owner == name:
                found[int(i)][kind] = stored[member]
    return found


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
