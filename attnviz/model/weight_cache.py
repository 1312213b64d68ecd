"""What is kept of a model's weights between one call and the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

__all__ = ["Overflowing", "WeightCache"]

T = TypeVar("T")


@dataclass
class WeightCache:
    """Keeps what was loaded, first come first kept, up to ``budget`` bytes in all."""

    budget: int
    used: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    def load(self, name: str, build: Callable[[], T]) -> T:
        """What ``build`` makes, from memory if it is there."""
        if name in self.kept:
            found: T = self.kept[name]
            return found
        made = build()
        size = _n_bytes(made)
        if self.used + size <= self.budget:
            self.used += size
            self.kept[name] = made
        return made


@dataclass(frozen=True, slots=True)
class Overflowing:
    """One cache, and another for what does not fit into it."""

    first: WeightCache
    other: WeightCache

    def load(self, name: str, build: Callable[[], T]) -> T:
        """What ``build`` makes, from memory if it is there."""
        if name in self.other.kept:
            return self.other.load(name, build)
        made = self.first.load(name, build)
        return made if name in self.first.kept else self.other.load(name, lambda: made)


def _n_bytes(tensors: Any) -> int:
    """Bytes of all arrays in weights."""
    if isinstance(tensors, np.ndarray):
        return tensors.nbytes
    if is_dataclass(tensors):
        tensors = [getattr(tensors, each.name) for each in fields(tensors)]
    elif isinstance(tensors, dict):
        tensors = list(tensors.values())
    return sum(map(_n_bytes, tensors)) if isinstance(tensors, list | tuple) else 0
