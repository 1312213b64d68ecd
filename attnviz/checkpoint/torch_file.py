"""The header of a file that torch.save wrote: which tensor lies where, in either of its formats."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from typing import NamedTuple

from attnviz.checkpoint.header import BITS, MOST_AXES, Entry
from attnviz.checkpoint.torch_pickle import Storage, TensorView, read_pickle, tensors_of
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote

# What the ZIP reader raises for damaged bytes; UnicodeDecodeError for names that are no UTF-8.
BAD_ZIP = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, struct.error),
    UnicodeDecodeError,
)

LARGEST_PICKLE = 100_000_000  # bytes; a pickle holds names and shapes, not the numbers
MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of the format before zip files
PROTOCOL = 1001


class Span(NamedTuple):
    """Where a storage's bytes lie in the file."""

    start: int
    stop: int


def read_torch_header(file: io.FileIO, what: str) -> dict[str, Entry]:
    """The tensors of an open ``pytorch_model.bin``; nothing that it holds is run.

    BadCheckpoint for a file that is damaged or no state dict, UnsupportedModel for one that names
    anything but tensors.
    """
    file.seek(0)
    start = file.read(2)
    file.seek(0)
    views, spans = _read_zip(file, what) if start == b"PK" else _read_legacy(file, what)
    if not views:
        raise BadCheckpoint(f"{what} holds no named tensors")
    return {name: _entry(name, view, spans, what) for name, view in views.items()}


def _read_zip(file: io.FileIO, what: str) -> tuple[dict[str, TensorView], dict[str, Span]]:
    """The format since torch 1.6: a zip file, uncompressed, with data.pkl and data/KEY."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            described = next((m for m in members if m.filename.endswith("/data.pkl")), None)
            if described is None:
                raise BadCheckpoint(f"{what} is a zip file without a data.pkl, so no weights")
            if described.compress_type != zipfile.ZIP_STORED:
                raise _compressed(what)
            if described.file_size > LARGEST_PICKLE:
                raise BadCheckpoint(f"{what} has a data.pkl of {described.file_size:,} bytes")
            value = read_pickle(io.BytesIO(archive.read(described)), what)
    except BAD_ZIP:
        raise BadCheckpoint(
            f"{what} is a damaged zip file; the download may be incomplete"
        ) from None
    folder = described.filename.removesuffix("data.pkl") + "data/"
    spans = {
        member.filename.removeprefix(folder): _span(file, member, what)
        for member in members
        if member.filename.startswith(folder)
    }
    return dict(tensors_of(value)), spans


def _span(file: io.FileIO, member: zipfile.ZipInfo, what: str) -> Span:
    """Where the bytes of an uncompressed member lie."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise _compressed(what)
    file.seek(member.header_offset + 26)
    lengths = file.read(4)
    if len(lengths) < 4:
        raise BadCheckpoint(f"{what} ends inside a member; the download may be incomplete")
    start = member.header_offset + 30 + sum(struct.unpack("<HH", lengths))
    return Span(start, start + member.file_size)


def _compressed(what: str) -> UnsupportedModel:
    return UnsupportedModel(f"{what} is compressed, which torch.save does not do")


def _read_legacy(file: io.FileIO, what: str) -> tuple[dict[str, TensorView], dict[str, Span]]:
    """The format before: pickles one after the other, then each storage behind its length."""
    total = file.seek(0, io.SEEK_END)
    file.seek(0)
    stream = io.BufferedReader(file)
    try:
        magic, protocol, _ = (read_pickle(stream, what) for _ in range(3))
        if magic != MAGIC or protocol != PROTOCOL:
            raise BadCheckpoint(f"{what} was not written by torch.save")
        value = read_pickle(stream, what)
        keys = read_pickle(stream, what)
        at = stream.tell()
    finally:
        stream.detach()
    views = dict(tensors_of(value))
    storages = {view.storage.key: view.storage for view in views.values()}
    return views, _spans_after(file, at, total, keys, storages, what)


def _spans_after(
    file: io.FileIO,
    at: int,
    total: int,
    keys: object,
    storages: dict[str, Storage],
    what: str,
) -> dict[str, Span]:
    """The storages that lie behind the pickles, in the order of their keys."""
    spans = {}
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise BadCheckpoint(f"{what} does not say in which order its storages lie")
    for key in keys:
        if key not in storages:
            raise BadCheckpoint(f"{what} has a storage that no tensor uses")
        file.seek(at)
        size = int.from_bytes(file.read(8), "little")
        stop = at + 8 + size * BITS[storages[key].dtype] // 8
        if size != storages[key].size or stop > total:
            raise BadCheckpoint(f"{what} ends inside a storage; the download may be incomplete")
        spans[key] = Span(at + 8, stop)
        at = stop
    return spans


def _entry(name: str, view: TensorView, spans: dict[str, Span], what: str) -> Entry:
    """One tensor, if all of it lies inside its storage."""
    where = f"tensor {quote(name)} in {what}"
    span, nbytes = spans.get(view.storage.key), BITS[view.storage.dtype] // 8
    if span is None:
        raise BadCheckpoint(f"{where} has no numbers; the download may be incomplete")
    if len(view.shape) > MOST_AXES:
        raise BadCheckpoint(f"{where} has {len(view.shape)} axes")
    size = math.prod(view.shape)
    reach = 1 + sum((n - 1) * stride for n, stride in zip(view.shape, view.strides, strict=True))
    last = view.offset + (reach if size else 0)
    if last > view.storage.size or view.storage.size * nbytes > span.stop - span.start:
        raise BadCheckpoint(f"{where} reaches beyond its numbers")
    if size > view.storage.size:
        raise UnsupportedModel(f"{where} repeats fewer numbers than its shape has")
    start = span.start + view.offset * nbytes
    strides = None if _is_contiguous(view) else view.strides
    return Entry(view.storage.dtype, view.shape, start, start + reach * nbytes, strides)


def _is_contiguous(view: TensorView) -> bool:
    """Whether the numbers lie in the order of the indices, without gaps."""
    step = 1
    for n, stride in zip(reversed(view.shape), reversed(view.strides), strict=True):
        if n != 1 and stride != step:
            return False
        step *= n
    return True
