"""GGUF's header: what a file says of its model, and where its tensors lie.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Everything is bounded by the file.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from attnviz.checkpoint.files import unreadable
from attnviz.checkpoint.header import MOST_AXES, Entry
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote

MAGIC = b"GGUF"
VERSIONS = (2, 3)
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
STRING, ARRAY = 8, 9
LONGEST_STRING = 10_000_000
MOST_VALUES = 10_000_000
MOST_TENSORS = 1_000_000
ALIGNMENT = "general.alignment"

BLOCKS = {
    "F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "Q4_0": (32, 18), "Q4_1": (32, 20),
    "Q5_0": (32, 22), "Q5_1": (32, 24), "Q8_0": (32, 34), "Q2_K": (256, 84), "Q3_K": (256, 110),
    "Q4_K": (256, 144), "Q5_K": (256, 176), "Q6_K": (256, 210), "IQ1_S": (256, 50),
    "IQ1_M": (256, 56), "IQ2_XXS": (256, 66), "IQ2_XS": (256, 74), "IQ2_S": (256, 82),
    "IQ3_XXS": (256, 98), "IQ3_S": (256, 110), "IQ4_NL": (32, 18), "IQ4_XS": (256, 136),
    "TQ1_0": (256, 54), "TQ2_0": (256, 66), "MXFP4": (32, 17),
}  # fmt: skip
"""How many numbers a block of each type has, and how many bytes it takes."""

TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K",
    11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 29: "IQ1_M",
    30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0",
}  # fmt: skip


class Gguf(NamedTuple):
    """A file's metadata by key, and its tensors."""

    metadata: Mapping[str, Any]
    entries: Mapping[str, Entry]


def read_gguf(path: Path) -> Gguf:
    """The header of a file; BadCheckpoint where it is damaged."""
    try:
        with io.FileIO(path) as file:
            return read_gguf_header(file, path.name)
    except OSError as error:
        raise unreadable(path, error) from None


def read_gguf_header(file: io.FileIO, what: str) -> Gguf:
    """The header of an open file, which may be a part of several."""
    total = file.seek(0, io.SEEK_END)
    file.seek(0)
    stream = io.BufferedReader(file, 1 << 20)
    try:
        return _Reader(stream, what, total).read()
    finally:
        stream.detach()


class _Reader:
    """Reads one value after the other, none beyond the end of the file."""

    def __init__(self, stream: IO[bytes], what: str, total: int) -> None:
        self._stream, self._what, self._total = stream, what, total

    def read(self) -> Gguf:
        if self._take(4) != MAGIC:
            raise BadCheckpoint(f"{self._what} is not a GGUF file")
        version = self._number("I")
        if version not in VERSIONS:
            raise UnsupportedModel(
                f"{self._what} has GGUF's version {version}; attnviz reads 2 and 3, little-endian"
            )
        n_tensors, n_keys = self._count(MOST_TENSORS), self._count(MOST_VALUES)
        metadata: dict[str, Any] = {}
        for _ in range(n_keys):
            key = self._string()
            metadata[key] = self._value(self._number("I"))
        return Gguf(metadata, self._tensors(n_tensors, metadata))

    def _tensors(self, n_tensors: int, metadata: Mapping[str, Any]) -> dict[str, Entry]:
        found = [self._tensor() for _ in range(n_tensors)]
        alignment = metadata.get(ALIGNMENT, 32)
        if type(alignment) is not int or not 1 <= alignment <= 1 << 20:
            raise BadCheckpoint(f"{self._what} has the {ALIGNMENT} {quote(alignment)}")
        begin = -(-self._stream.tell() // alignment) * alignment
        entries: dict[str, Entry] = {}
        for name, kind, shape, offset in found:
            where = f"tensor {quote(name)} in {self._what}"
            if name in entries:
                raise BadCheckpoint(f"{where} is there twice")
            if kind not in BLOCKS:
                entries[name] = Entry(kind, shape, 0, 0)  # refused when it is read
                continue
            per_block, nbytes = BLOCKS[kind]
            if not shape or shape[-1] % per_block:
                raise BadCheckpoint(f"{where} has rows that do not fill blocks of {per_block}")
            start = begin + offset
            stop = start + math.prod(shape) // per_block * nbytes
            if stop > self._total:
                raise BadCheckpoint(
                    f"{self._what} ends inside tensor {quote(name)}; the download may be incomplete"
                )
            entries[name] = Entry(kind, shape, start, stop)
        return entries

    def _tensor(self) -> tuple[str, str, tuple[int, ...], int]:
        name = self._string()
        axes = self._number("I")
        if axes > MOST_AXES:
            raise BadCheckpoint(f"tensor {quote(name)} in {self._what} has {axes} axes")
        shape = tuple(self._number("Q") for _ in range(axes))[::-1]
        kind = self._number("I")
        return name, TYPES.get(kind, f"type {kind}"), shape, self._number("Q")

    def _value(self, kind: int, depth: int = 0) -> Any:
        if kind == STRING:
            return self._string()
        if kind in NUMBERS:
            return self._number(NUMBERS[kind])
        if kind != ARRAY or depth > 1:
            raise BadCheckpoint(f"{self._what} has a value of the unknown type {kind}")
        inner, count = self._number("I"), self._count(MOST_VALUES)
        if inner in NUMBERS:
            code = f"<{count}{NUMBERS[inner]}"
            return list(struct.unpack(code, self._take(struct.calcsize(code))))
        return [self._value(inner, depth + 1) for _ in range(count)]

    def _string(self) -> str:
        length = self._count(LONGEST_STRING)
        return self._take(length).decode(errors="replace")

    def _count(self, most: int) -> int:
        count = int(self._number("Q"))
        if count > min(most, self._total):
            raise BadCheckpoint(f"{self._what} is damaged: it announces {count:,} of something")
        return count

    def _number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self._take(struct.calcsize(f"<{code}")))[0]

    def _take(self, length: int) -> bytes:
        raw = self._stream.read(length) if length <= self._total else b""
        if len(raw) < length:
            raise BadCheckpoint(
                f"{self._what} ends inside its header; the download may be incomplete"
            )
        return raw
