"""What is kept of a model's weights between one call and the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from attnviz.brief import brief
from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.spec import LayerSpec, StackSpec
from attnviz.core.weights import LayerWeights, StackWeights, Weights

T = TypeVar("T")


@dataclass
class WeightCache:
    """Keeps what was loaded, first come first kept, up to ``budget`` bytes in all."""

    budget: int
    used: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    __repr__ = brief

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
class KeptWeights:
    """The weights of a checkpoint, what layers and stacks multiply with kept in a cache."""

    source: Weights
    cache: WeightCache | Overflowing

    __repr__ = brief

    def has(self, name: str) -> bool:
        """Whether the model has a tensor of that name."""
        return self.source.has(name)

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name and shape, or None if the model has none."""
        return self.source.get(name, *shape)

    def rows(self, name: str, rows: IntArray | slice, width: int) -> FloatArray:
        """Only these rows of a table (…, width)."""
        return self.source.rows(name, rows, width)

    def layer(self, name: str, spec: LayerSpec, d_model: int) -> LayerWeights:
        """Everything that the layer of that name multiplies with."""
        return self.cache.load(name, partial(self.source.layer, name, spec, d_model))

    def stack(self, stack: StackSpec) -> StackWeights:
        """What a stack has beside its layers and the tables of its embeddings."""
        return self.cache.load(stack.kind, partial(self.source.stack, stack))


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
