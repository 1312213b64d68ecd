"""Make the stored references with transformers, eager and in float32; needs torch.

::

    python -m tests.oracle.make              # all of them
    python -m tests.oracle.make gpt2- llama-yarn

makes the families that have a reference whose name starts with one of the words, and stores each
whole: one .jsonl of descriptions, one .npz of arrays. Each checkpoint is written to a temporary
folder exactly as the tests will write it, and read back by transformers from there.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

import numpy as np
import torch
import transformers

from tests.oracle.cases import CASES
from tests.oracle.cases.case import Case
from tests.oracle.run import Outputs, design, outputs
from tests.support.references import largest, write
from tests.support.seeded import Recipe

MOVES = 2e-4  # a case must move something by more than this, or it covers nothing
SAME = 5e-6  # and one that is the same as another may differ by rounding alone
PEAKS = (0.25, 0.97)  # the mean largest weight of a row: attention neither flat nor one-hot


class NoReferenceError(ValueError):
    """The case would make a reference that proves nothing."""


def make(case: Case, done: dict[str, list[Outputs]]) -> dict[str, Any]:
    """Compute one reference and check that it covers something; its description."""
    recipe = design(case)
    found = outputs(case, recipe, torch.float32)
    check_alive(case, found)
    check_covers(case, found, done)
    done[case.name] = found
    exact = found if case.same_as or case.single else outputs(case, recipe, torch.float64)
    noise = worst(found, exact)
    shown = " ".join(f"{kind} {value:.1e}" for kind, value in noise.items())
    print(f"{case.name:<32} peak {peak(found):.2f}  noise {shown}", flush=True)
    return describe(case, recipe, noise)


def worst(found: list[Outputs], other: list[Outputs]) -> dict[str, float]:
    """The largest difference of each kind over all inputs."""
    pairs = list(zip(found, other, strict=True))
    return {kind: max(largest(one[kind], two[kind]) for one, two in pairs) for kind in found[0]}


def peak(found: list[Outputs]) -> float:
    maps = [array for given in found for kind, array in given.items() if kind != "hidden"]
    return float(np.mean([array.max(-1).mean() for array in maps]))


def check_alive(case: Case, found: list[Outputs]) -> None:
    """Refuse references in which a wrong answer could hide: NaN, or no peaks, or nothing else."""
    if not all(np.isfinite(array).all() for given in found for array in given.values()):
        raise NoReferenceError(f"{case.name}: not finite")
    if not PEAKS[0] < peak(found) < PEAKS[1]:
        raise NoReferenceError(
            f"{case.name}: mean largest weight {peak(found):.3f}; change its gain"
        )


def check_covers(case: Case, found: list[Outputs], done: dict[str, list[Outputs]]) -> None:
    """A case must be the same as it says, or differ from all others of its family."""
    if case.same_as:
        if (difference := max(worst(found, done[case.same_as]).values())) > SAME:
            raise NoReferenceError(f"{case.name}: {difference:.1e} from {case.same_as}")
        return
    for name, other in done.items():
        if name != case.name and same_shapes(found, other):
            difference = max(worst(found, other).values())
            if difference < MOVES:
                raise NoReferenceError(f"{case.name}: only {difference:.1e} from {name}")


def same_shapes(found: list[Outputs], other: list[Outputs]) -> bool:
    shapes = [[{k: a.shape for k, a in given.items()} for given in side] for side in (found, other)]
    return shapes[0] == shapes[1]


def describe(case: Case, recipe: Recipe, noise: dict[str, float]) -> dict[str, Any]:
    """How the checkpoint is made, what goes in, and whose outputs these are if not its own."""
    reference = {
        "architecture": case.architecture,
        "transformers": transformers.__version__,
        "recipe": compact(recipe),
        "inputs": case.inputs,
        "noise": {kind: float(f"{value:.2e}") for kind, value in noise.items()},
    }
    if case.same_as:
        del reference["noise"]
        reference["outputs"] = case.same_as
    return reference


def compact(recipe: Recipe) -> dict[str, Any]:
    """The recipe without what it leaves at its default."""
    default = Recipe(config={}, tensors={})
    values = {field.name: getattr(recipe, field.name) for field in fields(Recipe)}
    return {name: value for name, value in values.items() if value != getattr(default, name)}


def make_family(cases: list[Case]) -> bool:
    """Make the references of one family and store them together, or none of them."""
    done: dict[str, list[Outputs]] = {}
    try:
        described = {case.name: make(case, done) for case in cases}
    except NoReferenceError as error:
        print(f"REFUSED {error}", flush=True)
        return False
    own = {case.name: done[case.name] for case in cases if not case.same_as}
    write(cases[0].plain.removesuffix("-plain"), described, own)
    return True


def main() -> int:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    wanted = tuple(sys.argv[1:]) or ("",)
    chosen = {case.plain for case in CASES if case.name.startswith(wanted)}
    families = [[case for case in CASES if case.plain == plain] for plain in sorted(chosen)]
    made = [make_family(cases) for cases in families]
    return int(not made or not all(made))


if __name__ == "__main__":
    sys.exit(main())
