"""The largest size at which something still fits, and the error if there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attnviz.errors import InputError

__all__ = ["largest", "no_room"]

Found = TypeVar("Found")
HALVINGS = 14


def largest(attempt: Callable[[float], Found | None], highest: float) -> Found | None:
    """What ``attempt`` returns for the largest size, up to the highest, that is not None."""
    best = None
    low, high = 0.0, highest
    for _ in range(HALVINGS):
        size = (low + high) / 2
        found = attempt(size)
        if found is None:
            high = size
        else:
            best, low = found, size
    return best


def no_room(size: tuple[float, float], what: str) -> InputError:
    """The error for a size in inches in which something does not fit."""
    return InputError(
        f"a picture of {size[0]:g} × {size[1]:g} inches has no room for {what}; "
        "give it a larger --size"
    )
