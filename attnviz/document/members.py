"""NPY files and ZIP archives of them: arrays over their own bytes, nothing unpickled."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from tokenize import TokenError
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED

import numpy as np
import numpy.typing as npt
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic

from attnviz.document.arrays import fail, shown

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # an archive, and an empty one
NPY_MAGIC = b"\x93NUMPY"
UNPACKED_PER_BYTE = 100  # attention never compresses so well; a bomb compresses better
UNPACKED_AT_LEAST = 1 << 26
MOST_AXES = 5
MOST_MEMBERS = 10_000
SUFFIX = ".npy"

# What the ZIP and NPY readers of the standard library and of NumPy raise for damaged bytes.
BAD_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OverflowError, RuntimeError, ValueError),
)
HEADERS = {(1, 0): read_array_header_1_0, (2, 0): read_array_header_2_0}
BAD_HEADER = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError)


def looks_like_npz(data: bytes) -> bool:
    """Whether the first bytes are those of a ZIP archive."""
    return data.startswith(ZIP_MAGIC)


def looks_like_npy(data: bytes) -> bool:
    """Whether the first bytes are those of an array of NumPy."""
    return data.startswith(NPY_MAGIC)


def read_members(data: bytes, wanted: Callable[[str], bool]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an archive whose names are wanted; whatever else is in it is left alone.

    Raises DocumentError, with the place, for damage, and before anything is unpacked for an
    archive that claims more than arrays of weights can be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if _is_wanted(entry, wanted)]
            _check_size(entries, len(data))
            files = {entry.filename: archive.read(entry) for entry in entries}
    except BAD_ZIP:
        fail("the NPZ file", "is damaged or incomplete")
    named = {filename.removesuffix(SUFFIX): file for filename, file in files.items()}
    return {name: read_member(file, name) for name, file in named.items()}


def _is_wanted(entry: zipfile.ZipInfo, wanted: Callable[[str], bool]) -> bool:
    return entry.filename.endswith(SUFFIX) and wanted(entry.filename.removesuffix(SUFFIX))


def _check_size(entries: list[zipfile.ZipInfo], packed: int) -> None:
    if len(entries) > MOST_MEMBERS:
        fail("the NPZ file", f"has {len(entries)} arrays")
    if any(entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in entries):
        fail("the NPZ file", "is compressed in a way that NumPy does not write")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > max(UNPACKED_AT_LEAST, packed * UNPACKED_PER_BYTE):
        fail("the NPZ file", f"has {packed} bytes but claims {shown(unpacked)} once unpacked")


def read_member(file: bytes, name: str) -> npt.NDArray[Any]:
    """An NPY file as an array over its own bytes; DocumentError for one that is none."""
    where = f"array {shown(name)}"
    stream = io.BytesIO(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2
            shape, fortran, dtype = HEADERS[read_magic(stream)](stream)
    except (KeyError, *BAD_HEADER):
        fail(where, "is not in the NPY format")
    if dtype.kind not in "fiuUS":
        fail(where, f"holds values of type {dtype.name}, which are never loaded")
    if any(type(size) is not int for size in shape):  # True counts as a number to NumPy's reader
        fail(where, f"declares the shape {shape}, which is not one of whole numbers")
    n_bytes = len(file) - stream.tell()
    declared = math.prod(shape) * dtype.itemsize
    if len(shape) > MOST_AXES or min(shape, default=1) < 0 or declared != n_bytes or not n_bytes:
        fail(where, f"declares a shape that its {n_bytes} bytes do not have")
    flat = np.frombuffer(file, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")
