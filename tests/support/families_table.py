"""The README's table of families: what each is, and how far it is from transformers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from attnviz.families import FAMILIES, JOINED, WRAPPERS
from tests.support.references import names, read

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- families -->\n", "<!-- /families -->"


class Errors(NamedTuple):
    """The largest differences over a family's references."""

    weights: float
    hidden: float


def section() -> str:
    """What stands between the README's markers."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


@cache
def stated() -> dict[str, Errors]:
    """The differences that the README states, by model_type."""
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| (\S+) \| (\S+) \|$", section(), re.MULTILINE)
    return {model_type: Errors(float(one), float(two)) for model_type, one, two in rows}


def table(errors: Mapping[str, Errors]) -> str:
    """The table in Markdown, one row for each model_type."""
    lines = [
        "| `model_type` | | references | attention weights | last hidden state |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    lines += [
        row(model_type, errors[model_type])
        for model_type in sorted({*FAMILIES, *JOINED, *WRAPPERS})
    ]
    return "".join(f"{line}\n" for line in lines)


def row(model_type: str, errors: Errors) -> str:
    """One family: what its module says it is, how many references it has, how far it is off."""
    about = JOINED.get(model_type)
    if about is None and model_type in WRAPPERS:
        about = WRAPPERS[model_type].about
    elif about is None:
        about = import_module(f"attnviz.families.{FAMILIES[model_type]}").__doc__ or ""
    numbers = f"{shown(errors.weights)} | {shown(errors.hidden)}"
    return f"| `{model_type}` | {about.strip().rstrip('.')} | {len(of(model_type))} | {numbers} |"


def of(model_type: str) -> list[str]:
    """The references of a family."""
    return [name for name, theirs in model_types().items() if theirs == model_type]


@cache
def model_types() -> dict[str, str]:
    """The family of every reference."""
    return {name: read(name)["recipe"]["config"]["model_type"] for name in names()}


def shown(error: float) -> str:
    """One digit, rounded up."""
    scale = 10.0 ** math.floor(math.log10(error)) if error else 1.0
    return f"{math.ceil(error / scale - 1e-9) * scale:.0e}"
