"""A checkpoint's tensors under the core's names, read when they are needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from attnviz.checkpoint.tensors import Tensors
from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.spec import LayerSpec, StackSpec
from attnviz.core.weights import LayerWeights, StackWeights
from attnviz.families.layer_weights import layer_weights, stack_weights
from attnviz.families.names import Names, Part, Stored

KEPT_BYTES = 1 << 28
"""How much of the tables stays in memory, in float32, once they are used again."""


class CheckpointWeights:
    """The core's view of a checkpoint whose tensors were found and have the right shapes."""

    def __init__(self, names: Names, tensors: Tensors, where: Mapping[Stored | None, str]) -> None:
        self._names = names
        self._tensors = tensors
        self._where = where
        self._last: tuple[tuple[str, int], FloatArray] | None = None
        self._tables: dict[str, FloatArray | None] = {}  # None where it was used once

    def has(self, name: str) -> bool:
        """Whether the family declares a tensor of that name and the checkpoint has it."""
        return self._names.get(name) in self._where

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name in that shape; None if there is none."""
        if not self.has(name):
            return None
        stored = self._names[name]
        theirs = self._where[stored]
        if stored.stacked:
            every = [theirs.replace("{n}", str(n)) for n in range(stored.stacked)]
            return np.stack([self._tensors.read(name) for name in every])
        whole = _oriented(self._whole(theirs, stored), stored)
        return (_take(whole, stored.part) if stored.part else whole).reshape(shape)

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        """Tensors (out, d_in) below each other as one, read straight into their places."""
        fused = self._fused(names)
        if fused is not None:
            return _oriented(self._tensors.read(self._where[fused]), fused)
        out, start = np.empty((sum(outs), d_in), np.float32), 0
        for name, height in zip(names, outs, strict=True):
            self._fill(name, out[start : start + height])
            start += height
        return out

    def built(self, build: Callable[[], FloatArray], *shape: int) -> FloatArray:  # noqa: ARG002
        """What is built of tensors that are there."""
        return build()

    def rows(self, name: str, rows: IntArray | slice, width: int) -> FloatArray:  # noqa: ARG002
        """These rows of a table, read alone at first; when it is used again, it is kept whole."""
        theirs = self._where[self._names[name]]
        table = self._table(theirs)
        if isinstance(rows, slice):
            if table is not None and rows.stop <= len(table):
                return table[rows]
            rows = np.arange(rows.start, rows.stop)
        if table is not None and rows.max(initial=0) < len(table):
            return table[rows]
        unique, inverse = np.unique(rows, return_inverse=True)
        return self._tensors.read_rows(theirs, unique)[inverse]

    def layer(self, name: str, spec: LayerSpec, d_model: int) -> LayerWeights:
        """Everything that the layer of that name multiplies with."""
        return layer_weights(self, name, spec, d_model)

    def stack(self, stack: StackSpec) -> StackWeights:
        """What a stack has beside its layers and the tables of its embeddings."""
        return stack_weights(self, stack)

    def _table(self, theirs: str) -> FloatArray | None:
        """A table that is in memory, or comes to be now."""
        if theirs not in self._tables:
            self._tables[theirs] = None
        elif self._tables[theirs] is None:
            kept = sum(table.nbytes for table in self._tables.values() if table is not None)
            if kept + 4 * math.prod(self._tensors.shape(theirs)) <= KEPT_BYTES:
                self._tables[theirs] = self._tensors.read(theirs)
        return self._tables[theirs]

    def _fused(self, names: Sequence[str]) -> Stored | None:
        """The one tensor that these are, or are all parts of in its own order."""
        every = [self._names[name] for name in names]
        first = every[0]
        if first.part is None:
            return first if len(every) == 1 and not (first.stacked or first.slots) else None
        if first.slots or first.part.groups != 1 or len(every) != len(first.part.sizes):
            return None
        order = [replace(first, part=replace(first.part, index=i)) for i in range(len(every))]
        return first if every == order else None

    def _fill(self, name: str, out: FloatArray) -> None:
        stored = self._names[name]
        if stored.part or stored.transposed or stored.stacked or stored.slots:
            out[...] = self.get(name, *out.shape)
        else:
            self._tensors.read_into(self._where[stored], out)

    def _whole(self, theirs: str, stored: Stored) -> FloatArray:
        """A tensor, or one that it stacks; what several of ours are parts of is read once."""
        here = theirs, stored.slot
        if self._last and self._last[0] == here:
            return self._last[1]
        if stored.slots:
            tensor: FloatArray = self._tensors.read_rows(theirs, np.asarray([stored.slot]))[0]
        else:
            tensor = self._tensors.read(theirs)
        self._last = (here, tensor) if stored.part else None
        return tensor


def _oriented(tensor: FloatArray, stored: Stored) -> FloatArray:
    return tensor.T if stored.transposed else tensor


def _take(tensor: FloatArray, part: Part) -> FloatArray:
    """One part of a fused tensor (out, …)."""
    start = sum(part.sizes[: part.index])
    grouped = tensor.reshape(part.groups, sum(part.sizes), *tensor.shape[1:])
    taken = grouped[:, start : start + part.sizes[part.index]]
    return np.ascontiguousarray(taken.reshape(-1, *tensor.shape[1:]))
