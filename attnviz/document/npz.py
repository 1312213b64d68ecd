"""Documents as NPZ: float32 arrays and one JSON string, with the same bytes every time."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from numpy.lib.format import write_array

from attnviz.document.arrays import check_result, fail
from attnviz.document.json import decode
from attnviz.document.labels import dumps, labels
from attnviz.document.members import read_members
from attnviz.document.parse import KINDS, map_labels, opened, result_from
from attnviz.errors import DocumentError
from attnviz.result import AttentionResult, FloatArray

LABELS = "document"
HIDDEN = "hidden"
MEMBERS = frozenset((LABELS, HIDDEN, *KINDS))


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


def read_npz(data: bytes) -> AttentionResult:
    """The result in an NPZ file; nothing is unpickled, and nothing is allocated on its word."""
    try:
        return _result(read_members(data, MEMBERS.__contains__))
    except DocumentError as error:
        raise DocumentError(f"the document is malformed: {error}") from None


def _result(arrays: dict[str, npt.NDArray[Any]]) -> AttentionResult:
    if LABELS not in arrays:
        fail("the NPZ file", f"has no string '{LABELS}' with the labels as JSON")
    document = opened(_labels(arrays[LABELS]))
    weights = {kind: _floats(arrays[kind], kind) for kind in KINDS if kind in arrays}
    for kind in map_labels(document):
        if kind not in weights:
            fail(f"maps.{kind}", f"is described but there is no array '{kind}'")
    hidden = _floats(arrays[HIDDEN], HIDDEN) if HIDDEN in arrays else None
    if hidden is not None and hidden.ndim != 2:
        fail(f"array '{HIDDEN}'", f"has {hidden.ndim} axes, not 2")
    return result_from(document, weights, hidden)


def _labels(text: npt.NDArray[Any]) -> object:
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
