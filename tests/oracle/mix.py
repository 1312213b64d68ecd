"""Mix the reference cases of a family at random and hold attnviz to transformers; needs torch.

::

    python -m tests.oracle.mix 50                # fifty mixtures of every family
    python -m tests.oracle.mix 500 llama- t5-    # of the families whose plain case starts so

The references show each variation alone; this looks for those that do not go together. Mixtures
that transformers refuses are passed over, and what attnviz refuses is printed.
"""

from __future__ import annotations

import random
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers

import attnviz
from attnviz.errors import AttnvizError, AttnvizWarning
from tests.oracle.cases import CASES
from tests.oracle.cases.case import Case, Storage
from tests.oracle.run import Outputs, design, outputs
from tests.support.references import differences, tolerance
from tests.support.seeded import Recipe, write_checkpoint

INGREDIENTS = (2, 4)


def mixture(plain: str, number: int) -> Case:
    """Some cases of a family in one: all that they change about the plain one's config."""
    drawn = random.Random(f"{plain} {number}")
    family = [case for case in CASES if case.plain == plain]
    chosen = drawn.sample(family, min(len(family), drawn.randint(*INGREDIENTS)))
    config = dict(family[0].config)
    for case in chosen:
        config |= {k: v for k, v in case.config.items() if family[0].config.get(k, case) != v}
    last = chosen[-1]
    return replace(
        last,
        name=f"{plain} {number}: {' + '.join(case.name for case in chosen)}",
        config={**config, "architectures": [last.architecture]},
        gain={key: value for case in chosen for key, value in case.gain.items()},
        constants={key: value for case in chosen for key, value in case.constants.items()},
        storage=Storage(dtype=drawn.choice(["float32", "float16", "bfloat16"])),
        read_as={},
    )


def compare(case: Case) -> str:
    """Run a mixture through both: how it went, in a word or two."""
    try:
        recipe = design(case)
        expected = outputs(case, recipe, torch.float32)
    except Exception as error:
        return f"unwanted by transformers ({type(error).__name__})"
    try:
        found = ours(case, recipe, expected)
    except AttnvizError as error:
        return f"refused: {error}"
    if max(found.values()) <= tolerance(0):
        return "the same"
    exact = outputs(case, recipe, torch.float64)
    noise = dict.fromkeys(found, 0.0)
    for one, two in zip(expected, exact, strict=True):
        noise = {kind: max(noise[kind], abs(one[kind] - two[kind]).max()) for kind in found}
    if all(value <= tolerance(noise[kind]) for kind, value in found.items()):
        return "the same"
    shown = " ".join(f"{kind} {value:.1e} ({noise[kind]:.1e})" for kind, value in found.items())
    return f"DIFFERENT: {shown}"


def ours(case: Case, recipe: Recipe, expected: list[Outputs]) -> dict[str, float]:
    """How far attnviz is from what transformers gave, by kind."""
    worst: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", AttnvizWarning)
        write_checkpoint(Path(folder), recipe)
        model: Any = attnviz.load(folder)
        for given, wanted in zip(case.inputs, expected, strict=True):
            result = model.attend(**given, hidden=True)
            if "encoder" not in wanted or "decoder" not in wanted:  # one stack has one map
                (kind,) = result.maps
                wanted = {kind if name != "hidden" else name: a for name, a in wanted.items()}
            for kind, value in differences(result, wanted).items():
                worst[kind] = max(worst.get(kind, 0.0), value)
    return worst


def main() -> int:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    count, wanted = int(sys.argv[1]), tuple(sys.argv[2:]) or ("",)
    plains = dict.fromkeys(case.plain for case in CASES if case.plain.startswith(wanted))
    told: Counter[str] = Counter()
    for plain in plains:
        for number in range(count):
            case = mixture(plain, number)
            outcome = compare(case)
            told[outcome.partition(":")[0].partition(" (")[0]] += 1
            if not outcome.startswith(("the same", "unwanted")):
                print(f"{case.name}\n    {outcome}", flush=True)
    print(dict(told))
    return int(told["DIFFERENT"] > 0)


if __name__ == "__main__":
    sys.exit(main())
