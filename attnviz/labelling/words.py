"""Words and whole characters of a text, found the same way whatever the tokenizer."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

# Each character is reduced to the letter of its kind, and the patterns below match those letters:
#   a letter or underscore    9 number           c ideograph     s script without spaces
#   h hiragana                k katakana         m long-vowel mark of both
#   e symbol or pictograph    r half of a flag   q keycap        x mark on what precedes
#   v mark that joins two     z joiner of emoji  f invisible        j - ' and their like
#   , comma or full stop      . any other sign   (space) blank

_M = "[xvzf]*"  # what belongs to the character before
_LETTER = f"(?:a|9(?!x?q)){_M}"
_WORD = re.compile(
    f"[9.]x?q{_M}"  # a keycap
    f"|{_LETTER}(?:{_LETTER}|j(?=a)|(?<!9)j(?=9)|(?<=9),(?=9))*"
    f"|rr?{_M}"
    f"|e{_M}(?:(?<=z)e{_M})*"
    f"|h{_M}(?:[hm]{_M})*"
    f"|(?:[km]{_M})+"
    f"|[^ zf]{_M}"
)
# The repetitions are bounded, so that a thousand marks on one letter are not one character.
_CHARACTER = re.compile(
    r"rr[xvzq]{0,30}"
    r"|e[xvzq]{0,30}(?:(?<=z)e[xvzq]{0,9}){0,9}"
    r"|[^ f][xvzq]{0,30}(?:(?:(?<=v)|(?<=vz))a[xvzq]{0,9}){0,9}"
)

_EXTENDING = "\u200c\u0e33\u0eb3\uff9e\uff9f"
_VIRAMAS = "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d"  # Devanagari to Malayalam: consonants in one
_JOINING = "-'\u2019\u2010\u2011\u00b7\u05f3\u05f4"
_RANGES = (
    (0x1F3FB, 0x1F3FF, "x"),  # skin tones
    (0xE0020, 0xE007F, "x"),  # the letters of a region's flag
    (0x1160, 0x11FF, "x"),  # Korean vowels and finals
    (0x1F1E6, 0x1F1FF, "r"),
    (0x1F000, 0x1FAFF, "e"),
    (0x3005, 0x3007, "c"),
    (0x3021, 0x3029, "c"),
    (0x3400, 0x4DBF, "c"),
    (0x4E00, 0x9FFF, "c"),
    (0xF900, 0xFAFF, "c"),
    (0x20000, 0x323AF, "c"),
    (0x30FC, 0x30FC, "m"),
    (0xFF70, 0xFF70, "m"),
)
_LETTER_RANGES = (
    (0x3041, 0x309F, "h"),
    (0x30A1, 0x30FF, "k"),
    (0x31F0, 0x31FF, "k"),
    (0xFF66, 0xFF9D, "k"),
    (0x0E00, 0x0EFF, "s"),  # Thai, Lao
    (0x1000, 0x109F, "s"),  # Burmese
    (0x1780, 0x17FF, "s"),  # Khmer
    (0x1950, 0x19DF, "s"),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF, "s"),  # Tai Tham
)
_CATEGORIES = {"Cf": "f", "Cc": " ", "Pc": "a", "So": "e", "Sm": "e"}


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text are: ``(start, end)`` of each, in order; blanks lie between them.

    A word is a run of letters, marks and numbers with the apostrophes and hyphens inside it:
    ``wasn't``, ``state-of-the-art`` and ``GPT-2`` are one word each, and so are ``1,337`` and
    ``3.14``; a hyphen between two numbers separates them, as in ``1971-10-20``. Every other sign
    is a word of its own, an emoji with all that belongs to it too. Of scripts that write no
    spaces, each ideograph and each Thai, Lao, Burmese or Khmer character is a word, and so is each
    run of hiragana or katakana.
    """
    return [match.span() for match in _WORD.finditer(text.translate(_KINDS))]


class Layout:
    """Which word a position of a text is in, and where the characters that people see end."""

    def __init__(self, text: str) -> None:
        kinds = text.translate(_KINDS)
        self._word_ends = [match.end() for match in _WORD.finditer(kinds)] or [len(text)]
        clusters = [] if text.isascii() else _longer_than_one(_CHARACTER.finditer(kinds))
        self._starts = [start for start, _ in clusters]
        self._ends = [end for _, end in clusters]
        self.plain = not clusters  # each code point is a character, so that none is cut

    @property
    def n_words(self) -> int:
        """How many words there are; a blank text counts as one."""
        return len(self._word_ends)

    def word_at(self, position: int) -> int:
        """The number of the word at a position; in a blank, of the next one, or else the last."""
        return min(bisect_right(self._word_ends, position), len(self._word_ends) - 1)

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """The span widened to whole characters: emoji and letters with accents are not cut."""
        first = bisect_right(self._starts, start) - 1
        if first >= 0 and start < self._ends[first]:
            start = self._starts[first]
        last = bisect_left(self._starts, end) - 1
        if last >= 0 and end < self._ends[last]:
            end = self._ends[last]
        return start, end


def _longer_than_one(matches: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    return [match.span() for match in matches if match.end() - match.start() > 1]


class _Kinds(dict[int, str]):
    """The kind of each character seen so far, for str.translate."""

    def __missing__(self, code: int) -> str:
        kind = self[code] = _kind(code)
        return kind


_KINDS = _Kinds()


def _kind(code: int) -> str:
    char = chr(code)
    category = unicodedata.category(char)
    if char.isspace():
        return " "
    if char in "\u200d\u20e3":
        return "z" if char == "\u200d" else "q"
    if char in _VIRAMAS:
        return "v"
    if char in _EXTENDING or category[0] == "M":
        return "x"
    if char in _JOINING:
        return "j"
    if char in ",.":
        return ","
    return (
        _in(_RANGES, code)
        or _CATEGORIES.get(category)
        or ("9" if category[0] == "N" else "")
        or (category[0] == "L" and (_in(_LETTER_RANGES, code) or "a"))
        or "."
    )


def _in(ranges: Iterable[tuple[int, int, str]], code: int) -> str:
    return next((kind for first, last, kind in ranges if first <= code <= last), "")
