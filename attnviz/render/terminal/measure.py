"""How many columns text takes on a terminal, and text cut to fit them."""

from __future__ import annotations

from functools import lru_cache

OURS = str.maketrans("", "", "·×→…━╸╺─│▀█‖°±²é")
"""What this program's own sentences and bars have beside ASCII, each one column wide."""


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """The columns that text takes on a terminal."""
    if text.translate(OURS).isascii():
        return len(text)
    from wcwidth import width  # takes 40 ms, which English need not wait for

    return int(width(text))


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
    """What a reader sees as one character each (Unicode Annex 29), with its width."""
    if text.isascii():
        return [(char, 1) for char in text]
    from wcwidth import iter_graphemes

    return [(char, width_of(char)) for char in iter_graphemes(text)]
