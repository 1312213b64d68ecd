"""One file of weights: opened, checked, and read in pieces."""

from __future__ import annotations

import io
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.checkpoint.files import unreadable
from attnviz.checkpoint.header import Entry, read_header
from attnviz.checkpoint.layout import PICKLES
from attnviz.errors import BadCheckpoint, quote

MOST = 1 << 30  # bytes at a time; no system reads 2 GiB or more in one call


class Shard:
    """One open file of weights; reads are whole or fail, also when the file has been cut since.

    The file is read, not mapped: a mapped file that another program shortens kills the process,
    and its pages count as memory of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.what = path.name
        if not path.is_file():
            raise BadCheckpoint(f"there is no file {quote(path)}")
        try:
            self._file = io.FileIO(path)
            weakref.finalize(self, self._file.close)
            self.entries = self._read_header()
        except OSError as error:
            raise unreadable(path, error) from None

    def _read_header(self) -> dict[str, Entry]:
        if self.path.suffix == ".gguf":
            from attnviz.checkpoint.gguf_file import read_gguf_header

            return dict(read_gguf_header(self._file, self.what).entries)
        if self.path.suffix not in PICKLES:
            return read_header(self._file, self.what)
        from attnviz.checkpoint.torch_file import read_torch_header  # zip and pickle opcodes

        return read_torch_header(self._file, self.what)

    def read(self, name: str, offset: int, into: npt.NDArray[Any]) -> None:
        """Fill a contiguous array with the bytes of a tensor from ``offset`` of the file on."""
        rest = into.view(np.uint8).data
        try:
            while rest and (count := self._read_at(offset, rest)):
                offset, rest = offset + count, rest[count:]
        except OSError as error:
            raise unreadable(self.path, error) from None
        if rest:
            raise BadCheckpoint(
                f"{self.what} ends inside tensor {quote(name)}; it was changed while it was read"
            )

    def _read_at(self, offset: int, into: memoryview) -> int:
        """Read some bytes from ``offset`` on, wherever other threads read; how many they were.

        A lock would stay locked in a process that is forked off while another thread reads.
        """
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [into[:MOST]], offset)
        with self.path.open("rb", buffering=0) as own:  # a position of its own
            own.seek(offset)
            return own.readinto(into[:MOST]) or 0

    def sha256(self) -> str:
        """The SHA-256 of the whole file, in hexadecimal."""
        import hashlib  # loads OpenSSL, which few runs need

        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(self.path, error) from None
