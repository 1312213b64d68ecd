"""SentencePiece's own normalization of a text, character by character (Kudo and Richardson 2018).

The table of a file is a double array (Aoe 1989, as darts-clone lays it out) from the bytes of a
text to where its replacement stands among strings that end with a zero.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from attnviz.errors import BadCheckpoint
from attnviz.tokenizer.sentencepiece_file import USER_DEFINED, SentencePiece

SPACE = "▁"
Placed = tuple[list[str], list[int]]


class Prefixes:
    """The longest of some words that a text goes on with."""

    def __init__(self, words: Iterator[str]) -> None:
        self._words = {word for word in words if word}
        self._lengths = sorted({len(word) for word in self._words}, reverse=True)

    def length(self, text: str, at: int) -> int:
        """How many characters the longest has here; 0 where there is none."""
        for length in self._lengths:
            word = text[at : at + length]
            if word in self._words:
                return len(word)
        return 0


class Normalizer:
    """What a file does to a text before it is cut into pieces."""

    def __init__(self, model: SentencePiece) -> None:
        self._model = model
        self._kept = Prefixes(p.text for p in model.pieces if p.kind == USER_DEFINED)
        self._table = _Table.of(model.charsmap)

    def normalize(self, text: str) -> Placed:
        """The characters of the normalized text, and where each comes from.

        The places are one more than the characters: the last is where the text was read to.
        """
        steps = list(self._steps(text))
        if self._model.remove_extra_whitespaces:
            while steps and steps[0][0] == " ":
                del steps[0]
        if not steps:
            return [], [0]
        chars, places = [], []
        if self._model.add_dummy_prefix:
            chars.append(SPACE)
            places.append(steps[0][1])
        after_space = self._model.remove_extra_whitespaces
        for part, place in steps:
            kept = part.lstrip(" ") if after_space else part
            chars += kept.replace(" ", SPACE) if self._model.escape_whitespaces else kept
            places += [place] * len(kept)
            if kept:
                after_space = self._model.remove_extra_whitespaces and kept.endswith(" ")
        return self._without_end(chars, [*places, len(text)])

    def _without_end(self, chars: list[str], places: list[int]) -> Placed:
        """The text without the spaces at its end, where the file removes these."""
        if self._model.remove_extra_whitespaces:
            space = SPACE if self._model.escape_whitespaces else " "
            while chars and chars[-1] == space:
                del chars[-1], places[-1]
        return chars, places

    def _steps(self, text: str) -> Iterator[tuple[str, int]]:
        """What each part of the text becomes, and where the part begins."""
        at = 0
        while at < len(text):
            length = self._kept.length(text, at)
            if length:
                yield text[at : at + length], at
            else:
                length, part = self._table.replaced(text, at) if self._table else (0, "")
                yield (part, at) if length else (text[at], at)
            at += length or 1


class _Table(NamedTuple):
    units: tuple[int, ...]
    strings: bytes

    @classmethod
    def of(cls, charsmap: bytes) -> _Table | None:
        """The table in the bytes of a file; None where the file has none."""
        if not charsmap:
            return None
        size = int.from_bytes(charsmap[:4], "little")
        if size % 4 or 4 + size > len(charsmap):
            raise BadCheckpoint("its table of normalization is damaged")
        return cls(struct.unpack(f"<{size // 4}I", charsmap[4 : 4 + size]), charsmap[4 + size :])

    def replaced(self, text: str, at: int) -> tuple[int, str]:
        """How many characters from here on are replaced, and by what; 0 where none are."""
        found = (0, 0)
        try:
            node = _offset(self.units[0])
            for i in range(at, len(text)):
                for byte in text[i].encode():
                    node ^= byte
                    unit = self.units[node]
                    if unit & 0x800000FF != byte:
                        return self._string(found)
                    node ^= _offset(unit)
                if unit >> 8 & 1:
                    found = (i + 1 - at, self.units[node] & 0x7FFFFFFF)
        except IndexError:
            raise BadCheckpoint("its table of normalization is damaged") from None
        return self._string(found)

    def _string(self, found: tuple[int, int]) -> tuple[int, str]:
        length, start = found
        if not length:
            return 0, ""
        end = self.strings.find(b"\0", start)
        return length, self.strings[start : end if end >= 0 else None].decode(errors="replace")


def _offset(unit: int) -> int:
    return unit >> 10 << ((unit & 0x200) >> 6)
