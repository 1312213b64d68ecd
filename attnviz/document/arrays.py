"""Arrays of a document: nested lists become float32, and every number is checked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from attnviz.errors import DocumentError, InputError
from attnviz.render.safe import visible
from attnviz.result import AttentionResult, FloatArray

WEIGHT_AXES = ("layers", "heads", "queries", "keys")
AXES_BY_DEPTH = {2: WEIGHT_AXES[2:], 5: ("layers", "texts", *WEIGHT_AXES[1:])}
HIGHEST_WEIGHT = 1.001  # a softmax computed in half precision may round a little above 1


def fail(where: str, what: str) -> NoReturn:
    """Refuse the document, naming the place."""
    raise DocumentError(f"{where} {what}")


def shown(value: Any) -> str:
    """A value of a document, short and safe to print."""
    if isinstance(value, str):
        return f"'{visible(value[:40])}{'…' if len(value) > 40 else ''}'"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, bool) or value is None:
        return "null or missing" if value is None else str(value).lower()
    return "a huge number" if abs(value) >= 10**15 else str(value)


def from_lists(value: object, axes: Sequence[str], where: str) -> FloatArray:
    """Nested lists of numbers as a float32 array with these axes; ragged ones are refused.

    All lists are counted before the array is made: a boastful first row allocates nothing.
    """
    level: list[Any] = [value]
    shape: list[int] = []
    for axis in axes:
        if shape:
            level = list(chain.from_iterable(level))
        shape.append(_common_length(level, axis, shape, where))
    rows = np.empty((len(level), shape[-1]), np.float32)
    with np.errstate(over="ignore"):
        for i, row in enumerate(level):
            if not set(map(type, row)) <= {int, float}:
                j = next(j for j, number in enumerate(row) if type(number) not in (int, float))
                fail(f"{_place(where, i, shape[:-1])}[{j}]", f"is {shown(row[j])}, not a number")
            try:
                rows[i] = row
            except OverflowError:
                fail(_place(where, i, shape[:-1]), "holds a number too large for any float")
    return rows.reshape(shape)


def depth(value: object) -> int:
    """How many lists are within each other along their first items; 0 where the last is empty."""
    n = 0
    while isinstance(value, list):
        if not value:
            return 0
        value, n = value[0], n + 1
    return n


def weight_lists(value: object, where: str) -> FloatArray:
    """Nested lists of weights as an array of as many axes as they have levels."""
    return from_lists(value, AXES_BY_DEPTH.get(depth(value), WEIGHT_AXES), where)


def _common_length(level: list[Any], axis: str, shape: list[int], where: str) -> int:
    """The length that all lists of one level share; ``shape`` is that of the levels above."""
    for i, item in enumerate(level):
        place = _place(where, i, shape)
        if not isinstance(item, list):
            fail(place, f"is {shown(item)}, not a list of {axis}")
        if not item:
            fail(place, f"has no {axis}")
        if len(item) != len(level[0]):
            first = _place(where, 0, shape)
            fail(place, f"has {len(item)} {axis} but {first} has {len(level[0])}")
    return len(level[0])


def _place(where: str, flat: int, shape: Sequence[int]) -> str:
    """``weights[2][0]`` for the item that has this flat index in a shape."""
    return where + "".join(f"[{i}]" for i in np.unravel_index(flat, shape)) if shape else where


def check_result(result: AttentionResult, precision: int | None = None) -> None:
    """Refuse what could not be read back, before any of it is written."""
    if precision is not None and precision < 0:
        raise InputError(f"the precision is {precision} decimals; it must be 0 or more")
    for kind, part in result.maps.items():
        check_weights(part.weights, f"maps.{kind}.weights", result.weighting)
    if result.hidden is not None:
        check_hidden(result.hidden)


def check_weights(weights: FloatArray, where: str, weighting: str = "raw") -> None:
    """Refuse weights (layer, head, query, key) that no softmax can have made, or no norm."""
    if weighting == "norm":
        _check(weights, 0.0, float(np.finfo(np.float32).max), where, "norms are 0 or more")
        return
    _check(weights, 0.0, HIGHEST_WEIGHT, where, "weights lie from 0 to 1")


def check_hidden(hidden: FloatArray) -> None:
    """Refuse hidden states that JSON cannot carry."""
    largest = float(np.finfo(np.float32).max)
    _check(hidden, -largest, largest, "hidden", "numbers must be finite")


def _check(values: FloatArray, low: float, high: float, where: str, rule: str) -> None:
    if not values.size:
        fail(where, "is empty")
    if not (values.min() >= low and values.max() <= high):  # NaN is neither
        bad = int(np.argmin((values >= low) & (values <= high)))
        fail(_place(where, bad, values.shape), f"is {values.flat[bad]}, but {rule}")
