"""Tensors that are computed from those a checkpoint stores: merged, renamed, dequantised."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, KeysView, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.checkpoint.tensors import Tensors, combined
from attnviz.errors import BadCheckpoint, quote
from attnviz.result import FloatArray

Rows = npt.NDArray[np.integer[Any]] | None
"""Which rows of a tensor to read; None for all."""


class Made(NamedTuple):
    """A tensor that ``make`` computes anew each time it is read; ``stored`` names its type.

    ``rows`` computes some rows alone, where that is less.
    """

    shape: tuple[int, ...]
    stored: str
    make: Callable[[], FloatArray]
    rows: Callable[[Rows], FloatArray] | None = None


class Derived(Tensors):
    """Tensors of a checkpoint under other names, and tensors that are computed.

    ``names`` gives, for each that is as it is stored, its name there; ``made`` computes the
    others. ``parts`` are the checkpoints whose files all of it comes from.
    """

    def __init__(
        self,
        stored: Tensors,
        names: Mapping[str, str],
        made: Mapping[str, Made],
        parts: Sequence[Tensors] = (),
    ) -> None:
        self._stored, self._names, self._made = stored, dict(names), dict(made)
        self._parts = parts or (stored,)
        self._every = {**self._names, **dict.fromkeys(self._made, "")}
        self._sha256 = None

    @property
    def names(self) -> KeysView[str]:
        """Every tensor's name."""
        return self._every.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        made = self._made.get(name)
        return made.shape if made else self._stored.shape(self._its(name))

    def dtype(self, name: str) -> str:
        """How a tensor is stored."""
        made = self._made.get(name)
        return made.stored if made else self._stored.dtype(self._its(name))

    def require_readable(self, name: str) -> None:
        """Raise UnsupportedModel for a tensor in a type that holds no weights."""
        if name not in self._made:
            self._stored.require_readable(self._its(name))

    @property
    def n_parameters(self) -> int:
        """How many numbers there are, as they are computed with."""
        return sum(math.prod(self.shape(name)) for name in self.names if self._is_float(name))

    @property
    def storage(self) -> str:
        """The types in which they are stored, the one with most parameters first."""
        sizes: Counter[str] = Counter()
        for name in self.names:
            if self._is_float(name):
                sizes[self.dtype(name)] += math.prod(self.shape(name))
        return ", ".join(dtype for dtype, _ in sizes.most_common())

    @property
    def nbytes(self) -> int:
        """How many bytes all tensors take in their files."""
        return sum(part.nbytes for part in self._parts)

    def read(self, name: str) -> FloatArray:
        """A whole tensor as a new float32 array."""
        made = self._made.get(name)
        return made.make() if made else self._stored.read(self._its(name))

    def read_into(self, name: str, out: FloatArray) -> None:
        """Write a tensor into ``out``, which must have its shape."""
        if name not in self._made:
            self._stored.read_into(self._its(name), out)
            return
        if out.shape != self.shape(name):
            raise BadCheckpoint(
                f"tensor {quote(name)} has shape {self.shape(name)} where {out.shape} is needed"
            )
        out[...] = self.read(name)

    def read_rows(self, name: str, rows: npt.NDArray[np.integer[Any]]) -> FloatArray:
        """The rows of a tensor with these indices, float32 (row, …)."""
        if name not in self._made:
            return self._stored.read_rows(self._its(name), rows)
        height = self.shape(name)[0]
        outside = rows[(rows < 0) | (rows >= height)]
        if outside.size:
            raise BadCheckpoint(
                f"tensor {quote(name)} has {height} rows, but row {outside[0]} is needed"
            )
        made = self._made[name]
        taken: FloatArray = made.rows(rows) if made.rows else made.make()[rows]
        return taken

    def sha256(self) -> str:
        """The SHA-256 of the weights file, or that of the digests of all files' parts."""
        if self._sha256 is None:
            self._sha256 = combined([part.sha256() for part in self._parts])
        return self._sha256

    def _its(self, name: str) -> str:
        if name not in self._names:
            raise BadCheckpoint(f"the checkpoint has no tensor {quote(name)}")
        return self._names[name]

    def _is_float(self, name: str) -> bool:
        return name in self._made or "F" in self.dtype(name)
