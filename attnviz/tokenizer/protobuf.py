"""Protocol Buffers' wire format, as far as a SentencePiece file has it; bounded by the bytes given.

Encoding: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.errors import BadCheckpoint

Value = int | bytes
VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5
MOST_BITS = 64


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message as (number, value); a value of fixed size is its bytes."""
    at, end = 0, len(message)
    while at < end:
        key = message[at]
        at += 1
        if key >= 0x80:
            key, at = _varint(message, at - 1)
        kind = key & 7
        if kind == LENGTH:
            size, at = _varint(message, at)
        elif kind == VARINT:
            number, at = _varint(message, at)
            yield key >> 3, number
            continue
        else:
            size = {FOUR: 4, EIGHT: 8}.get(kind, -1)
        if size < 0 or at + size > end:
            raise BadCheckpoint("it is damaged, or no SentencePiece file")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number of seven bits a byte that begins here, and where it ends."""
    number = shift = 0
    while at < len(message) and shift < MOST_BITS:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return number, at
    raise BadCheckpoint("it is damaged, or no SentencePiece file")
