"""A lens as a small JSON file: written with few digits, and checked when it is read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from attnviz.analysis.lenses import NOTHING, PLACE, DoubleArray, Lens, Record
from attnviz.errors import DocumentError

FORMAT = "attnviz-lens/1"
DIGITS = 4
TABLES = {"on": 2, "back": 2, "nothing": 3}
"""The axes of each: (layer, head), and what ``NOTHING`` names before them."""

RECORDS = ("records", "none_records")


def dump_lens(lens: Lens) -> str:
    """The lens as JSON text, its factors rounded to four decimals."""
    found: dict[str, Any] = {"format": FORMAT, "relation": lens.relation, "about": dict(lens.about)}
    found |= {name: getattr(lens, name).round(DIGITS).tolist() for name in TABLES}
    found |= {"place": lens.place.round(DIGITS).tolist()}
    found |= {name: round(getattr(lens, name), DIGITS) for name in ("none", "slope", "shift")}
    for name in RECORDS:
        found[name] = [list(one) for one in getattr(lens, name)]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n"


def parse_lens(text: str | bytes) -> Lens:
    """The lens in a JSON text; DocumentError where it is none."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise DocumentError(
            "this is no JSON, so it is no lens; make one with probe --fit"
        ) from None
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise DocumentError(f"this is no {FORMAT} document; make one with probe --fit")
    on, back, nothing = (_numbers(read, name, axes) for name, axes in TABLES.items())
    place = _numbers(read, "place", 1)
    fit = on.shape == back.shape and nothing.shape == (len(NOTHING), *on.shape)
    if not fit or place.shape != (len(PLACE),):
        raise DocumentError("the tables of this lens do not fit together; make it again with --fit")
    relation, about = read.get("relation"), read.get("about", {})
    if not isinstance(relation, str) or not isinstance(about, dict):
        raise DocumentError("this lens does not say for which relation it is")
    none, slope, shift = (float(_numbers(read, name, 0)) for name in ("none", "slope", "shift"))
    records = (_records(read, name) for name in RECORDS)
    return Lens(relation, on, back, place, nothing, none, slope, shift, about, *records)


def _records(read: dict[str, Any], name: str) -> tuple[Record, ...]:
    """How often answers were right, step by step; DocumentError where it says no such thing."""
    given = read.get(name) or []
    if not isinstance(given, list):
        raise DocumentError(f"'{name}' in this lens is no list")
    found = []
    for step in given:
        try:
            least, right, n = float(step[0]), int(step[1]), int(step[2])
        except (TypeError, ValueError, OverflowError, LookupError):
            least, right, n = 0.0, 1, 0
        if not 0 <= right <= n or not 0 <= least <= 1:
            raise DocumentError(f"'{name}' in this lens does not say how often answers are right")
        found.append(Record(least, right, n))
    return tuple(found)


def _numbers(read: dict[str, Any], name: str, axes: int) -> DoubleArray:
    try:
        found = np.asarray(read.get(name), np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.empty((0,) * 9)
    if found.ndim != axes or found.size == 0 or not np.isfinite(found).all():
        raise DocumentError(f"'{name}' in this lens is not numbers on {axes} axes")
    return found
