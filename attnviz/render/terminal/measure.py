"""How many columns text takes on a terminal, and text cut to fit them."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category

from rich.cells import cell_len, split_graphemes


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """The columns that text takes; vowel signs that stand beside a letter take one each."""
    return len(text) if text.isascii() else cell_len(text) + _signs_beside(text)


def fit(text: str, width: int) -> str:
    """Text cut to a width, ending in an ellipsis where something is missing."""
    if width_of(text) <= width:
        return text
    kept = ""
    used = 1
    for char, columns in graphemes(text):
        used += columns
        if used > width:
            break
        kept += char
    return kept + "…" if width > 0 else ""


def graphemes(text: str) -> list[tuple[str, int]]:
    """What a reader sees as one character each, a flag included, with its width."""
    if text.isascii():
        return [(char, 1) for char in text]
    shown: list[tuple[str, int]] = []
    for start, end, columns in split_graphemes(text)[0]:
        char = text[start:end]
        columns += _signs_beside(char)
        if _half_flag(char) and shown and _half_flag(shown[-1][0]):
            shown[-1] = (shown[-1][0] + char, shown[-1][1] + columns)
        else:
            shown.append((char, columns))
    return shown


def _signs_beside(text: str) -> int:
    """Spacing marks, which rich counts as nothing and terminals as one column."""
    return sum(category(char) == "Mc" and cell_len(char) == 0 for char in text)


def _half_flag(char: str) -> bool:
    return len(char) == 1 and "\U0001f1e6" <= char <= "\U0001f1ff"
