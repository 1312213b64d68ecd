"""Tokens as other programs write them: what marks, byte letters and usual names mean."""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from attnviz.errors import AttnvizWarning
from attnviz.labelling.label import Piece, label
from attnviz.result import Token

SPECIAL = re.compile(r"\[(CLS|SEP|PAD)\]|</?s>|<(pad|bos|eos|(start|end)_of_turn)>|<\|\w+\|>")
SAID = 8  # special tokens that a warning names
UNKNOWN = ("[UNK]", "<unk>")
BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
NO_CHARACTER = re.compile("[\ud800-\udfff]")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Read(NamedTuple):
    """Labelled tokens, the texts that they spell, and which marks and special names they have.

    Without marks nothing says how the tokens were written, so there is no text: each is a word.
    """

    tokens: tuple[Token, ...]
    texts: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    special: tuple[str, ...] = ()


def read_spellings(strings: Sequence[str], known: Collection[str] = ()) -> Read:
    """The tokens that a vocabulary's strings stand for.

    ``##ing`` (WordPiece), ``▁hat`` and ``<0xC3>`` (SentencePiece), ``Ġhat`` with a letter for each
    byte (GPT-2) and ``hat</w>`` (BPE) are read as the text that they spell, and that text is cut
    into words as any other. ``[CLS]``, ``</s>``, ``<|endoftext|>`` and their like are special,
    and so are those ``known`` to be.
    """
    strings = [whole_characters(string) for string in strings]
    special = tuple(s for s in dict.fromkeys(strings) if s in known or SPECIAL.fullmatch(s))
    plain = [string for string in strings if string not in special]
    for mark, used, spelled in _SCHEMES:
        if used(plain):
            parts = [None if s in special else spelled(s) for s in strings]
            written = _text(_without_first_space(parts))
            if not CONTROLS.search(written.text):
                tokens = label(_pieces(strings, written), [written.text])
                return Read(tokens, (written.text,), (mark,), special)
    lone = (_alone(word, string, string in special) for word, string in enumerate(strings))
    return Read(tuple(lone), special=special)


def whole_characters(string: str) -> str:
    """A string whose halves of surrogate pairs, which no file can hold, have become U+FFFD."""
    return NO_CHARACTER.sub("\ufffd", string)


def say_what_was_read(*reads: Read) -> None:
    """Warn where tokens were taken for something that nobody has said."""
    special = list(dict.fromkeys(name for read in reads for name in read.special))
    marks = list(dict.fromkeys(mark for read in reads for mark in read.marks))
    said = [f"{', '.join(special[:SAID])} as special tokens"] if special else []
    said += [f"tokens marked {' or '.join(marks)} as parts of words"] if marks else []
    if said:
        warnings.warn(
            f"tokens are given as mere strings, so {' and '.join(said)} were recognised; "
            "a document can say otherwise with objects that have 'special' and 'word'",
            AttnvizWarning,
            stacklevel=3,
        )


def _alone(word: int, string: str, special: bool) -> Token:
    number = None if special else word
    return Token(string, word=number, special=special, unknown=string in UNKNOWN)


class _Written(NamedTuple):
    text: str
    spans: list[tuple[int, int] | None]


def _text(parts: Sequence[bytes | None]) -> _Written:
    """The text of parts, and the span of each in its characters; None stands for no text."""
    text = b"".join(part or b"" for part in parts).decode(errors="surrogateescape")
    starts = list(accumulate(map(_n_bytes, text), initial=0))
    spans: list[tuple[int, int] | None] = []
    end = 0
    for part in parts:
        start, end = end, end + len(part or b"")
        first, last = (bisect_right(starts, at) - 1 for at in (start, max(start, end - 1)))
        spans.append(None if part is None else (first, last + bool(part)))
    return _Written(whole_characters(text), spans)


def _without_first_space(parts: list[bytes | None]) -> list[bytes | None]:
    first = next((i for i, part in enumerate(parts) if part), None)
    if first is not None:
        parts[first] = (parts[first] or b"").removeprefix(b" ")
    return parts


def _n_bytes(char: str) -> int:
    return 1 if NO_CHARACTER.match(char) else len(char.encode())


def _pieces(strings: Sequence[str], written: _Written) -> Iterator[Piece]:
    for string, span in zip(strings, written.spans, strict=True):
        yield Piece(None, string, 0, span, span is None, string in UNKNOWN)


def _letters() -> dict[str, int]:
    """The letter that GPT-2 writes for each byte: itself where it can be seen, else from U+0100."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in seen)
    return {chr(b): b for b in seen} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


LETTERS = _letters()


def _byte_letters(string: str) -> bytes:
    return bytes(LETTERS[letter] for letter in string)


def _has_byte_letters(strings: Sequence[str]) -> bool:
    marked = any("Ġ" in string or "Ċ" in string for string in strings)
    return marked and all(letter in LETTERS for string in strings for letter in string)


def _sentence_piece(string: str) -> bytes:
    byte = BYTE.fullmatch(string)
    return bytes([int(byte[1], 16)]) if byte else string.replace("▁", " ").encode()


def _word_piece(string: str) -> bytes:
    continues = string.startswith("##") and string != "##"
    return (string[2:] if continues else f" {string}").encode()


def _ended_word(string: str) -> bytes:
    return (f"{string.removesuffix(END)} " if string.endswith(END) else string).encode()


END = "</w>"
# the mark, whether tokens use it, and what each of them spells
_SCHEMES: tuple[tuple[str, Callable[[Sequence[str]], bool], Callable[[str], bytes]], ...] = (
    ("Ġ", _has_byte_letters, _byte_letters),
    ("▁", lambda strings: any(s.startswith("▁") for s in strings), _sentence_piece),
    ("##", lambda strings: any(s.startswith("##") and s != "##" for s in strings), _word_piece),
    (END, lambda strings: any(s.endswith(END) and s != END for s in strings), _ended_word),
)
