"""A checkpoint's tensors under the core's names: prefixes found, parts taken, shapes checked."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import AttnvizWarning, BadCheckpoint, quote
from attnviz.families.names import Names, Part, Stored
from attnviz.result import FloatArray

__all__ = ["Bound", "bind"]

STALE = re.compile(
    r"(^|\.)(position_ids|token_type_ids|inv_freq|masked_bias|attn\.bias|attention\.bias|num_batches_tracked)$"
)
"""Buffers that old versions stored beside the weights."""


class Bound:
    """The core's view of a checkpoint; raises BadCheckpoint where it contradicts its config."""

    def __init__(self, names: Names, tensors: Tensors, where: dict[Stored | None, str]) -> None:
        self._names = names
        self._tensors = tensors
        self._where = where
        self._last: tuple[str, FloatArray] | None = None

    def has(self, name: str) -> bool:
        """Whether the family declares a tensor of that name and the checkpoint has it."""
        return self._names.get(name) in self._where

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name, checked to have that shape; None if there is none."""
        if not self.has(name):
            return None
        stored = self._names[name]
        theirs = self._where[stored]
        if stored.stacked:
            every = [theirs.replace("{n}", str(n)) for n in range(stored.stacked)]
            tensor = np.stack([self._tensors.read(name) for name in every])
        else:
            tensor = _take(self._whole(theirs, keep=stored.part is not None), stored, theirs)
        if stored.flat:
            tensor = tensor.reshape(-1)
        if tensor.shape != shape:
            raise BadCheckpoint(
                f"tensor {quote(theirs)} gives {tensor.shape} where config.json asks for {shape}"
            )
        return tensor

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        """Tensors (out, d_in) below each other as one, read straight into their places."""
        shape = (sum(outs), d_in)
        fused = self._fused(names)
        if fused is not None:
            whole = _oriented(self._tensors.read(self._where[fused]), fused)
            if whole.shape == shape:
                return whole
        out, start = np.empty(shape, np.float32), 0
        for name, height in zip(names, outs, strict=True):
            self._fill(name, out[start : start + height])
            start += height
        return out

    def _fused(self, names: Sequence[str]) -> Stored | None:
        """The one tensor that these are, or are all parts of in its own order."""
        every = [self._names[name] for name in names]
        first = every[0]
        if first.part is None:
            return first if len(every) == 1 and not first.stacked else None
        if first.part.groups != 1 or len(every) != len(first.part.sizes):
            return None
        order = [replace(first, part=replace(first.part, index=i)) for i in range(len(every))]
        return first if every == order else None

    def _fill(self, name: str, out: FloatArray) -> None:
        stored = self._names[name]
        if stored.part or stored.transposed or stored.stacked:
            tensor = self.get(name, *out.shape)
            out[...] = 0 if tensor is None else tensor
        else:
            self._tensors.read_into(self._where[stored], out)

    def rows(self, name: str, rows: npt.NDArray[np.int64], width: int) -> FloatArray:
        """These rows of a table, read alone."""
        theirs = self._where[self._names[name]]
        shape = self._tensors.shape(theirs)
        if len(shape) != 2 or shape[1] != width:
            raise BadCheckpoint(
                f"tensor {quote(theirs)} has shape {shape} where config.json asks for (…, {width})"
            )
        if len(rows) and rows[-1] >= shape[0]:
            raise BadCheckpoint(
                f"tensor {quote(theirs)} has {shape[0]} rows, but row {int(rows[-1])} is needed"
            )
        return self._tensors.read_rows(theirs, rows)

    def _whole(self, theirs: str, *, keep: bool) -> FloatArray:
        """A tensor; one that several of ours are parts of is read once."""
        if self._last and self._last[0] == theirs:
            return self._last[1]
        tensor = self._tensors.read(theirs)
        self._last = (theirs, tensor) if keep else None
        return tensor


def _take(tensor: FloatArray, stored: Stored, theirs: str) -> FloatArray:
    """Ours out of theirs."""
    tensor = _oriented(tensor, stored)
    if stored.part is None:
        return tensor
    part: Part = stored.part
    height = sum(part.sizes)
    if tensor.shape[0] != part.groups * height:
        raise BadCheckpoint(
            f"tensor {quote(theirs)} has {tensor.shape[0]} outputs where config.json "
            f"asks for {part.groups * height}"
        )
    start = sum(part.sizes[: part.index])
    grouped = tensor.reshape(part.groups, height, *tensor.shape[1:])
    taken = grouped[:, start : start + part.sizes[part.index]]
    return np.ascontiguousarray(taken.reshape(-1, *tensor.shape[1:]))


def _oriented(tensor: FloatArray, stored: Stored) -> FloatArray:
    return tensor.T if stored.transposed else tensor


def bind(names: Names, tensors: Tensors, base: str) -> Bound:
    """Find every tensor that the family declares; ``base`` is the base model's prefix.

    Raises BadCheckpoint for one that is missing; warns of tensors of the base model that nobody
    declared, because they would change the numbers if they belonged to the computation.
    """
    where: dict[Stored | None, str] = {}
    for stored in names.values():
        found = next((name for name in _spellings(stored, base) if _is_there(name, tensors)), None)
        if found is not None:
            where[stored] = found
        elif not stored.optional:
            raise BadCheckpoint(
                f"the checkpoint has no tensor {quote(stored.name)}, which its config.json asks for"
            )
    used = set(where.values())
    stacked = {name.partition("{n}")[0] for name in used if "{n}" in name}
    unused = {
        name for name in tensors.names - used if not name.startswith(tuple(stacked) or ("\0",))
    }
    _warn_of_unused(unused, used)
    return Bound(names, tensors, where)


def _is_there(name: str, tensors: Tensors) -> bool:
    return name.replace("{n}", "0") in tensors.names


def _spellings(stored: Stored, base: str) -> Iterator[str]:
    """Where a tensor may be: with and without the base prefix, in today's and old spelling."""
    prefixes = (f"{base}.", "") if base and stored.base else ("",)
    for name in (stored.name, *stored.also):
        old = re.sub(r"\.bias$", ".beta", re.sub(r"\.weight$", ".gamma", name))
        for prefix in prefixes:
            yield prefix + name
            if "norm" in name.lower():
                yield prefix + old


def _warn_of_unused(unused: Collection[str], used: Collection[str]) -> None:
    """Name unused tensors that stand among the layers in use."""
    layered = {re.sub(r"\.\d+\..*", ".", name) for name in used if re.search(r"\.\d+\.", name)}
    strange = sorted(
        name
        for name in unused
        if re.sub(r"\.\d+\..*", ".", name) in layered and not STALE.search(name)
    )
    if strange:
        warnings.warn(
            f"the checkpoint has {len(strange)} tensors that its config.json gives no use for, "
            f"such as {quote(strange[0])}; the numbers are those of a model without them",
            AttnvizWarning,
            stacklevel=2,
        )
