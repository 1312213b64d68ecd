"""SentencePiece files that are sound as messages, and lie in their pieces and settings."""

from __future__ import annotations

import struct
from random import Random

from attnviz.errors import BadCheckpoint
from attnviz.tokenizer.protobuf import Value, fields
from tests.fuzz.values import NUMBERS, TEXTS, broken_bytes

__all__ = ["other_pieces"]

PIECE, TRAINER, NORMALIZER = 1, 2, 3
SETTINGS = {TRAINER: (3, 24, 35, 40, 41, 42, 43, 45, 46, 47), NORMALIZER: (2, 3, 4, 5)}
Fields = list[tuple[int, Value]]


def other_pieces(random: Random, raw: bytes) -> bytes:
    """The same file with a few pieces and settings changed, taken out or there twice."""
    found = list(fields(raw))
    for _ in range(random.choice((1, 1, 3, 20))):
        at = random.randrange(len(found))
        number, value = found[at]
        kind = random.randrange(5)
        if kind == 0:
            found[at : at + 1] = [found[at]] * random.choice((0, 2, 50))
        elif kind == 1:
            found.append((random.choice((PIECE, TRAINER, NORMALIZER, 9)), value))
        elif number == PIECE and kind < 4 and isinstance(value, bytes):
            found[at] = number, _piece(random, value)
        else:
            part = random.choice((TRAINER, NORMALIZER))
            found.append((part, _message([_setting(random, part)])))
        found = found or [(PIECE, b"")]
    return _message(found)


def _piece(random: Random, raw: bytes) -> bytes:
    """A piece with another text, score or kind; what is no piece stays as it is."""
    try:
        made = dict(fields(raw))
    except BadCheckpoint:
        return raw
    number = random.choice((1, 1, 2, 3))
    if number == 1:
        text = random.choice(("", "▁", "<0x41>", "<s>", *TEXTS))[:3000]
        made[1] = text.encode("utf-8", "replace")
    elif number == 2:
        scores = (0.0, -1e38, 1e38, float("nan"), float("inf"), -float("inf"), 3.0)
        made[2] = struct.pack("<f", random.choice(scores))
    else:
        made[3] = random.choice((0, 1, 2, 3, 4, 5, 6, 7, 2**63))
    return _message(list(made.items()))


def _setting(random: Random, part: int) -> tuple[int, Value]:
    number = random.choice(SETTINGS[part])
    if random.random() < 0.3:
        return number, random.choice(TEXTS).encode("utf-8", "replace")[:3000]
    if (part, number) == (NORMALIZER, 2):
        return number, broken_bytes(random, random.randbytes(random.choice((0, 4, 40, 900))))
    counts = [value for value in NUMBERS if isinstance(value, int) and 0 <= value < 2**64]
    return number, random.choice((0, 1, 2, 3, 4, 2**64 - 1, *counts))


def _message(found: Fields) -> bytes:
    """Fields as bytes; those of four bytes are scores, and of more or fewer, texts."""
    out = b""
    for number, value in found:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        elif len(value) == 4 and number == 2:
            out += _varint(number << 3 | 5) + value
        else:
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return out


def _varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
