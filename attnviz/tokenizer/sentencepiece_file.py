"""A SentencePiece file (sentencepiece_model.proto): its pieces, and how it normalizes a text."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from attnviz.brief import brief
from attnviz.errors import BadCheckpoint, UnsupportedModel
from attnviz.tokenizer.growth import USUAL_CHARSMAP, longest_of_charsmap
from attnviz.tokenizer.protobuf import Value, fields

UNIGRAM, BPE = 1, 2
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
TRUE_OF_64_BITS = 2**63


class Piece(NamedTuple):
    """A piece of text, its log probability or minus its rank, and its kind."""

    text: str
    score: float
    kind: int = NORMAL


@dataclass(frozen=True, slots=True)
class SentencePiece:
    """What a file says; the defaults are those of the format."""

    pieces: tuple[Piece, ...]
    algorithm: int = UNIGRAM
    byte_fallback: bool = False
    unk_id: int = 0
    bos_id: int = 1
    eos_id: int = 2
    unk_piece: str = "<unk>"
    bos_piece: str = "<s>"
    eos_piece: str = "</s>"
    charsmap: bytes = b""
    add_dummy_prefix: bool = True
    remove_extra_whitespaces: bool = True
    escape_whitespaces: bool = True

    __repr__ = brief


_TRAINER: Mapping[int, tuple[str, type]] = {
    3: ("algorithm", int),
    35: ("byte_fallback", bool),
    40: ("unk_id", int),
    41: ("bos_id", int),
    42: ("eos_id", int),
    45: ("unk_piece", str),
    46: ("bos_piece", str),
    47: ("eos_piece", str),
}
_NORMALIZER: Mapping[int, tuple[str, type]] = {
    2: ("charsmap", bytes),
    3: ("add_dummy_prefix", bool),
    4: ("remove_extra_whitespaces", bool),
    5: ("escape_whitespaces", bool),
}
_WHITESPACE_BEHIND = 24  # treat_whitespace_as_suffix, a field of the trainer's


def read_sentencepiece(raw: bytes) -> SentencePiece:
    """The model in these bytes; BadCheckpoint where they are no such file.

    UnsupportedModel for a word or character model, and for one that puts spaces behind words.
    """
    pieces: list[Piece] = []
    settings: dict[str, object] = {}
    for number, value in fields(raw):
        if number == 1:
            pieces.append(_piece(_message(value)))
        elif number == 2:
            settings |= _settings(_message(value), _TRAINER)
        elif number == 3:
            settings |= _settings(_message(value), _NORMALIZER)
    model = SentencePiece(tuple(pieces), **settings)  # type: ignore[arg-type]
    _check(model)
    return model


def _check(model: SentencePiece) -> None:
    if model.algorithm not in (UNIGRAM, BPE):
        raise UnsupportedModel("it is neither a unigram nor a BPE model")
    if not 0 <= model.unk_id < len(model.pieces):
        raise BadCheckpoint("it is damaged, or no SentencePiece file")
    if longest_of_charsmap(model.charsmap) > USUAL_CHARSMAP:
        raise BadCheckpoint("it makes a text far longer than any honest one does")


def _piece(message: bytes) -> Piece:
    text, score, kind = "", 0.0, NORMAL
    for number, value in fields(message):
        if number == 1:
            text = _string(value)
        elif number == 2:
            score = _number(value)
        elif number == 3 and isinstance(value, int):
            kind = value
    return Piece(text, score, kind)


def _settings(message: bytes, known: Mapping[int, tuple[str, type]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for number, value in fields(message):
        if known is _TRAINER and number == _WHITESPACE_BEHIND and value:
            raise UnsupportedModel("it puts spaces behind words, which attnviz does not")
        name, kind = known.get(number, ("", int))
        if not name:
            continue
        if kind is str:
            found[name] = _string(value)
        elif kind is bytes:
            found[name] = _message(value)
        elif not isinstance(value, int):
            raise BadCheckpoint("it is damaged, or no SentencePiece file")
        else:
            found[name] = bool(value) if kind is bool else _signed(value)
    return found


def _signed(value: int) -> int:
    return value - 2**64 if value >= TRUE_OF_64_BITS else value


def _message(value: Value) -> bytes:
    if isinstance(value, int):
        raise BadCheckpoint("it is damaged, or no SentencePiece file")
    return value


def _string(value: Value) -> str:
    try:
        return _message(value).decode()
    except UnicodeDecodeError:
        raise BadCheckpoint("it has a piece that is not UTF-8") from None


def _number(value: Value) -> float:
    raw = _message(value)
    if len(raw) != 4:
        raise BadCheckpoint("it is damaged, or no SentencePiece file")
    number = float(struct.unpack("<f", raw)[0])
    if not math.isfinite(number):
        raise BadCheckpoint("it has a score that is no number")
    return number
