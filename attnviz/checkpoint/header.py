"""The header of a safetensors file: which tensor lies where, believed only after checking."""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple

from attnviz.checkpoint.files import parse_object
from attnviz.errors import BadCheckpoint, quote

LARGEST_HEADER = 100_000_000  # bytes, the format's own limit
MOST_AXES = 32
LFS_POINTER = b"version https://git-lfs"
BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip


class Entry(NamedTuple):
    """One tensor of a file: its storage type, its shape and the bytes [start, stop) it fills.

    ``strides`` are in numbers, and None where the numbers lie in the order of the indices.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int
    strides: tuple[int, ...] | None = None

    @property
    def size(self) -> int:
        """How many numbers the tensor holds."""
        return math.prod(self.shape)


def read_header(file: io.FileIO, what: str) -> dict[str, Entry]:
    """The tensors of an open safetensors file; BadCheckpoint unless they fill it exactly."""
    total = file.seek(0, io.SEEK_END)
    file.seek(0)
    prefix = file.read(8)
    length = int.from_bytes(prefix, "little")
    if prefix == LFS_POINTER[:8] and file.read(15) == LFS_POINTER[8:]:
        raise BadCheckpoint(f"{what} is a Git LFS pointer and not the weights; run 'git lfs pull'")
    if len(prefix) < 8 or (8 + length > total and length <= LARGEST_HEADER):
        raise BadCheckpoint(f"{what} ends inside its header; the download may be incomplete")
    if length > LARGEST_HEADER:
        raise BadCheckpoint(
            f"{what} is not a safetensors file: its header would take {length:,} bytes"
        )
    header = parse_object(file.read(length), f"the header of {what}", unique=True)
    header.pop("__metadata__", None)
    entries = {name: _entry(name, raw, 8 + length, what) for name, raw in header.items()}
    _check_cover(entries, 8 + length, total, what)
    return entries


def _entry(name: str, raw: Any, data: int, what: str) -> Entry:
    """One header item, its types and its size checked; ``data`` is where the tensors begin."""
    where = f"tensor {quote(name)} in {what}"
    match raw:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]}:
            numbers = [*shape, begin, end]
        case _:
            raise BadCheckpoint(f"{where} lacks a dtype, a shape or a pair of offsets")
    if not all(type(number) is int and 0 <= number < 2**63 for number in numbers):
        raise BadCheckpoint(f"{where} has a shape or offsets that are not counts")
    if dtype not in BITS:
        raise BadCheckpoint(f"{where} has the unknown dtype {quote(dtype)}")
    if len(shape) > MOST_AXES:
        raise BadCheckpoint(f"{where} has {len(shape)} axes")
    if math.prod(shape) * BITS[dtype] != 8 * (end - begin):
        raise BadCheckpoint(f"{where} has offsets that do not fit its shape and dtype")
    return Entry(dtype, tuple(shape), data + begin, data + end)


def _check_cover(entries: dict[str, Entry], data: int, total: int, what: str) -> None:
    """Refuse tensors that overlap, leave holes, or do not end where the file does."""
    position = data
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].stop)):
        if entry.start != position:
            fault = "overlaps the tensor" if entry.start < position else "leaves a hole"
            raise BadCheckpoint(f"tensor {quote(name)} in {what} {fault} before it")
        if entry.stop > total:
            raise BadCheckpoint(
                f"{what} ends inside tensor {quote(name)}; the download may be incomplete"
            )
        position = entry.stop
    if position != total:
        raise BadCheckpoint(f"{what} has {total - position:,} bytes after its last tensor")
