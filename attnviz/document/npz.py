"""Documents as NPZ: float32 arrays and one JSON string, with the same bytes every time."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from os import PathLike
from tokenize import TokenError
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED

import numpy as np
import numpy.typing as npt
from numpy.lib.format import (
    read_array_header_1_0,
    read_array_header_2_0,
    read_magic,
    write_array,
)

from attnviz.document.arrays import check_result, fail, shown
from attnviz.document.json import decode
from attnviz.document.labels import SCHEMA, dumps, labels
from attnviz.document.parse import KINDS, map_labels, opened, result_from
from attnviz.errors import DocumentError
from attnviz.result import AttentionResult, FloatArray

__all__ = ["looks_like_npz", "read_npz", "write_npz"]

LABELS = "document"
HIDDEN = "hidden"
WEIGHTS = "weights"  # what another program may call its only map
TOKENS = ("tokens", "target_tokens")
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # a ZIP archive, and an empty one
UNPACKED_PER_BYTE = 100  # attention never compresses so well; a bomb compresses better
UNPACKED_AT_LEAST = 1 << 26
MOST_AXES = 5

# What the ZIP and NPY readers of the standard library and of NumPy raise for damaged bytes.
BAD_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OverflowError, RuntimeError, ValueError),
)
HEADERS = {(1, 0): read_array_header_1_0, (2, 0): read_array_header_2_0}
BAD_HEADER = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError)


def write_npz(
    result: AttentionResult,
    target: str | PathLike[str] | BinaryIO,
    *,
    found: Mapping[str, Any] | None = None,
) -> None:
    """Write arrays named after the kinds of map, ``hidden`` if there are any, and ``document``.

    The last is a string: the JSON document without its numbers. ``np.load`` reads the file with
    ``allow_pickle=False``.
    """
    check_result(result)
    arrays = {kind: part.weights for kind, part in result.maps.items()}
    if result.hidden is not None:
        arrays[HIDDEN] = result.hidden
    with zipfile.ZipFile(target, "w") as archive:
        _write(archive, LABELS, np.array(dumps(labels(result, found=found))))
        for name, array in arrays.items():
            _write(archive, name, array.astype("<f4", copy=False))


def _write(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # the same bytes on every system
    with archive.open(entry, "w", force_zip64=True) as file:
        write_array(file, array, allow_pickle=False)


def looks_like_npz(data: bytes) -> bool:
    """Whether the first bytes are those of a ZIP archive."""
    return data.startswith(MAGIC)


def read_npz(data: bytes) -> AttentionResult:
    """The result in an NPZ file; nothing is unpickled, and nothing is allocated on its word."""
    try:
        return _result(_arrays(data))
    except DocumentError as error:
        raise DocumentError(f"the document is malformed: {error}") from None


def _result(arrays: dict[str, npt.NDArray[Any]]) -> AttentionResult:
    document = opened(_labels(arrays) if LABELS in arrays else _mere_arrays(arrays))
    weights = {kind: _floats(arrays[kind], kind) for kind in KINDS if kind in arrays}
    for kind in map_labels(document):
        if kind not in weights:
            fail(f"maps.{kind}", f"is described but there is no array '{kind}'")
    hidden = _floats(arrays[HIDDEN], HIDDEN) if HIDDEN in arrays else None
    if hidden is not None and hidden.ndim != 2:
        fail(f"array '{HIDDEN}'", f"has {hidden.ndim} axes, not 2")
    return result_from(document, weights, hidden)


def _mere_arrays(arrays: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """The labels of arrays that another program has saved: ``tokens``, and weights by kind.

    Weights that no kind names are those of an encoder.
    """
    if WEIGHTS in arrays and not any(kind in arrays for kind in KINDS):
        arrays["encoder"] = arrays.pop(WEIGHTS)
    texts = {name: arrays[name] for name in TOKENS if name in arrays}
    if "tokens" not in texts or not any(kind in arrays for kind in KINDS):
        fail(
            "the NPZ file",
            f"has no string '{LABELS}' with the labels as JSON, and no arrays 'tokens' and "
            f"'{WEIGHTS}' (layer, head, query, key) either",
        )
    for name, strings in texts.items():
        if strings.dtype.kind != "U" or strings.ndim != 1:
            fail(f"array '{name}'", "is not one row of strings")
    return {"schema": SCHEMA, **{name: strings.tolist() for name, strings in texts.items()}}


def _labels(arrays: dict[str, npt.NDArray[Any]]) -> object:
    text = arrays[LABELS]
    if text.dtype.kind not in "US" or text.size != 1:
        fail(f"array '{LABELS}'", "is not one string with the labels as JSON")
    try:
        string = text.item()
        return decode(string if isinstance(string, str) else string.decode(), 0)[0]
    except ValueError:
        fail(f"array '{LABELS}'", "is not Unicode text")


def _floats(array: npt.NDArray[Any], name: str) -> FloatArray:
    if array.dtype.kind not in "fiu":
        fail(f"array '{name}'", "holds text, not numbers")
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def _arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays that make up a document; whatever else is in the archive is left alone."""
    wanted = {f"{name}.npy": name for name in (LABELS, HIDDEN, *KINDS, WEIGHTS, *TOKENS)}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename in wanted]
            _check_size(entries, len(data))
            files = {wanted[entry.filename]: archive.read(entry) for entry in entries}
    except BAD_ZIP:
        fail("the NPZ file", "is damaged or incomplete")
    return {name: _array(file, name) for name, file in files.items()}


def _check_size(entries: list[zipfile.ZipInfo], packed: int) -> None:
    if any(entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in entries):
        fail("the NPZ file", "is compressed in a way that NumPy does not write")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > max(UNPACKED_AT_LEAST, packed * UNPACKED_PER_BYTE):
        fail("the NPZ file", f"has {packed} bytes but claims {shown(unpacked)} once unpacked")


def _array(file: bytes, name: str) -> npt.NDArray[Any]:
    """An NPY file as an array over its own bytes."""
    stream = io.BytesIO(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2
            shape, fortran, dtype = HEADERS[read_magic(stream)](stream)
    except (KeyError, *BAD_HEADER):
        fail(f"array '{name}'", "is not in the NPY format")
    if dtype.kind not in "fiuUS":
        fail(f"array '{name}'", f"holds values of type {dtype.name}, which are never loaded")
    if any(type(size) is not int for size in shape):
        fail(f"array '{name}'", f"declares the shape {shape}, which is not one of whole numbers")
    n_bytes = len(file) - stream.tell()
    if not all(type(n) is int for n in shape):  # True counts as a number to NumPy's reader
        fail(f"array '{name}'", "has a shape that is not made of whole numbers")
    declared = math.prod(shape) * dtype.itemsize
    if len(shape) > MOST_AXES or min(shape, default=1) < 0 or declared != n_bytes or not n_bytes:
        fail(f"array '{name}'", f"declares a shape that its {n_bytes} bytes do not have")
    flat = np.frombuffer(file, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")
