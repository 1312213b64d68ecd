"""The weights of a checkpoint, read from its files one tensor at a time, as float32."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.checkpoint.convert import STORED, widen
from attnviz.checkpoint.header import Entry
from attnviz.checkpoint.layout import no_weights, weight_files
from attnviz.checkpoint.shard import Shard
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.result import FloatArray

WRAPPERS = re.compile(r"^(module\.|_orig_mod\.)+")
OWN = re.compile(r"model\.((encoder|decoder)\.layers|layers|language_model|text_model|vi\w+)\.")
BLOCK = 131_072  # numbers converted at once: half a megabyte of float32 stays in the cache


def open_tensors(folder: Path) -> Tensors:
    """Open ``model.safetensors``, or the shards that its index names, or what torch saved.

    Only headers are read, and they are checked: tensors must fill their file exactly, and shards
    must hold what the index says. Anything else raises BadCheckpoint.
    """
    found = weight_files(folder)
    if found is None:
        raise no_weights(folder)
    shards = {file: Shard(folder / file) for file in found.files}
    for name, file in (found.where or {}).items():
        if name not in shards[file].entries:
            raise BadCheckpoint(
                f"{found.index_file} says that {file} holds {quote(name)}, but it does not"
            )
    where = found.where or _where(shards)
    return Tensors(shards, _without_wrapper(where))


def open_file(path: Path) -> Tensors:
    """Open one file of tensors, safetensors or what torch saved."""
    return open_files([path])


def open_files(paths: Sequence[Path]) -> Tensors:
    """Open several files of one checkpoint; BadCheckpoint where a tensor is in two of them."""
    shards = {path.name: Shard(path) for path in paths}
    return Tensors(shards, {name: Place(file, name) for name, file in _where(shards).items()})


class Place(NamedTuple):
    """In which file a tensor is, and by which name."""

    file: str
    name: str


class Tensors:
    """The named tensors of a checkpoint; may be read from several threads at once."""

    def __init__(
        self, shards: Mapping[str, Shard], files: Mapping[str, Place] | None = None
    ) -> None:
        self._shards = dict(shards)
        if files is None:
            files = {
                name: Place(file, name) for file, shard in shards.items() for name in shard.entries
            }
        self._where = {
            name: (shards[place.file], shards[place.file].entries[place.name])
            for name, place in files.items()
        }
        self._sha256: str | None = None

    @property
    def names(self) -> KeysView[str]:
        """Every tensor's name, as the checkpoint spells it."""
        return self._where.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self._find(name)[1].shape

    def dtype(self, name: str) -> str:
        """How a tensor is stored: ``F32``, ``F16``, ``BF16``, ``I64``…"""
        return self._find(name)[1].dtype

    def require_readable(self, name: str) -> None:
        """Raise UnsupportedModel for a tensor in a type that holds no weights, such as float8."""
        self._readable(name)

    @property
    def n_parameters(self) -> int:
        """How many numbers are stored in floating point; counters and masks are not counted."""
        return sum(entry.size for entry in self._entries() if "F" in entry.dtype)

    @property
    def storage(self) -> str:
        """The floating-point types in use, the one with most parameters first: ``F16, F32``."""
        sizes: Counter[str] = Counter()
        for entry in self._entries():
            if "F" in entry.dtype:
                sizes[entry.dtype] += entry.size
        return ", ".join(dtype for dtype, _ in sizes.most_common())

    @property
    def nbytes(self) -> int:
        """How many bytes all tensors take in their files."""
        return sum(entry.stop - entry.start for entry in self._entries())

    def read(self, name: str) -> FloatArray:
        """A whole tensor as a new float32 array."""
        out = np.empty(self._readable(name)[1].shape, np.float32)
        self.read_into(name, out)
        return out

    def read_into(self, name: str, out: FloatArray) -> None:
        """Write a tensor into ``out``, which must have its shape: a part of a larger array, say."""
        shard, entry = self._readable(name)
        if out.shape != entry.shape:
            raise BadCheckpoint(
                f"tensor {quote(name)} has shape {entry.shape} where {out.shape} is needed"
            )
        if entry.strides is not None:
            out[...] = _spread(shard, name, entry)
            return
        flat = out.reshape(-1)  # a copy if ``out`` has gaps
        for start in range(0, flat.size, BLOCK):
            piece = flat[start : start + BLOCK]
            _load(shard, name, entry, [(start, piece.size)], piece)
        if not np.may_share_memory(flat, out):
            out[...] = flat.reshape(out.shape)

    def nbytes_of(self, name: str) -> int:
        """How many bytes a tensor takes in its file."""
        entry = self._find(name)[1]
        return entry.stop - entry.start

    def read_raw(
        self, name: str, rows: npt.NDArray[np.integer[Any]] | None = None
    ) -> npt.NDArray[np.uint8]:
        """The bytes of a tensor as they are stored, whatever their type, or those of some rows."""
        shard, entry = self._find(name)
        if entry.strides is not None:
            raise UnsupportedModel(
                f"tensor {quote(name)} is {entry.dtype} in an order of its own; save it contiguous"
            )
        n_bytes = entry.stop - entry.start
        if rows is None:
            raw = np.empty(n_bytes, np.uint8)
            shard.read(name, entry.start, raw)
            return raw
        width = n_bytes // entry.shape[0]
        some = np.empty((len(rows), width), np.uint8)
        done = 0
        for first, count in _runs(rows):
            shard.read(name, entry.start + first * width, some[done : done + count])
            done += count
        return some.reshape(-1)

    def read_rows(self, name: str, rows: npt.NDArray[np.integer[Any]]) -> FloatArray:
        """The rows of a tensor with these indices, float32 (row, …); no others are read."""
        shard, entry = self._readable(name)
        height = entry.shape[0] if entry.shape else 0
        outside = rows[(rows < 0) | (rows >= height)]
        if outside.size:
            raise BadCheckpoint(
                f"tensor {quote(name)} has {height} rows, but row {outside[0]} is needed"
            )
        if entry.strides is not None:
            taken: FloatArray = _spread(shard, name, entry)[rows]
            return taken
        out = np.empty((len(rows), *entry.shape[1:]), np.float32)
        width = entry.size // height
        step = max(1, BLOCK // width)
        for start in range(0, len(rows), step):
            spans = ((first * width, n * width) for first, n in _runs(rows[start : start + step]))
            _load(shard, name, entry, spans, out[start : start + step].reshape(-1))
        return out

    def sha256(self) -> str:
        """The SHA-256 of the weights file, computed once.

        For a sharded checkpoint, that of its shards' digests in hexadecimal, in the order of
        their file names, a newline after each.
        """
        if self._sha256 is None:
            self._sha256 = combined([self._shards[file].sha256() for file in sorted(self._shards)])
        return self._sha256

    def _find(self, name: str) -> tuple[Shard, Entry]:
        if name not in self._where:
            raise BadCheckpoint(f"the checkpoint has no tensor {quote(name)}")
        return self._where[name]

    def _readable(self, name: str) -> tuple[Shard, Entry]:
        shard, entry = self._find(name)
        if entry.dtype not in STORED:
            raise UnsupportedModel(
                f"tensor {quote(name)} is stored as {entry.dtype}; attnviz reads "
                f"weights stored as {', '.join(STORED)}"
            )
        if not entry.size:
            raise BadCheckpoint(f"tensor {quote(name)} is empty: its shape is {entry.shape}")
        return shard, entry

    def _entries(self) -> Iterator[Entry]:
        return (entry for _, entry in self._where.values())


def _where(shards: Mapping[str, Shard]) -> dict[str, str]:
    """Which file holds which tensor, where no index says so."""
    where: dict[str, str] = {}
    for file, shard in shards.items():
        for name in shard.entries:
            if name in where:
                raise BadCheckpoint(f"tensor {quote(name)} is in {where[name]} and in {file}")
            where[name] = file
    return where


def _without_wrapper(where: Mapping[str, str]) -> dict[str, Place]:
    """Names without what DistributedDataParallel, torch.compile or a trainer put in front of all.

    A model's own prefix "model." is told from a trainer's by what follows it.
    """
    shorter = {WRAPPERS.sub("", name): name for name in where}
    if len(shorter) < len(where):  # the same tensor twice: nothing is a wrapper then
        shorter = {name: name for name in where}
    trained = all(name.startswith("model.") for name in shorter)
    if trained and not any(OWN.match(name) for name in shorter):
        shorter = {name.removeprefix("model."): its for name, its in shorter.items()}
    return {name: Place(where[its], its) for name, its in shorter.items()}


def _load(
    shard: Shard, name: str, entry: Entry, spans: Iterable[tuple[int, int]], out: FloatArray
) -> None:
    """Read spans (first number, how many) of a tensor, end to end, into a flat float32 array."""
    stored = STORED[entry.dtype]
    raw = out if stored == out.dtype else np.empty(out.size, stored)
    done = 0
    for first, count in spans:
        shard.read(name, entry.start + first * stored.itemsize, raw[done : done + count])
        done += count
    if not widen(entry.dtype, raw, out):
        raise BadCheckpoint(f"tensor {quote(name)} holds NaN or infinite numbers")


def _spread(shard: Shard, name: str, entry: Entry) -> FloatArray:
    """A tensor whose numbers do not lie in the order of its indices, as a transposed one."""
    flat = np.empty((entry.stop - entry.start) // STORED[entry.dtype].itemsize, np.float32)
    _load(shard, name, entry, [(0, flat.size)], flat)
    strides = [flat.itemsize * stride for stride in entry.strides or ()]
    spread: FloatArray = np.lib.stride_tricks.as_strided(flat, entry.shape, strides).copy()
    return spread


def _runs(rows: npt.NDArray[np.integer[Any]]) -> Iterator[tuple[int, int]]:
    """Consecutive row numbers as (first, how many)."""
    for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
        yield int(run[0]), len(run)


def combined(digests: list[str]) -> str:
    """One digest alone, or that of several in hexadecimal, a newline after each."""
    import hashlib

    lines = "".join(f"{digest}\n" for digest in digests)
    return digests[0] if len(digests) == 1 else hashlib.sha256(lines.encode()).hexdigest()
