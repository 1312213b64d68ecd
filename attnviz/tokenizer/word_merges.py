"""Byte-pair encoding of words (Sennrich et al. 2016), whose last part is marked as the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from attnviz.errors import InputError

END = "</w>"
LONGEST = 5000  # characters of a word; merging takes time with their square


class WordMerges:
    """Pairs of parts that become one, those that come first before others."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}

    def cut(self, word: str) -> list[str]:
        """The parts of a word of at least one character; the last one ends with ``</w>``."""
        if len(word) > LONGEST:
            raise InputError(f"a word of {len(word):,} characters is too long to be cut up")
        parts = [*word[:-1], word[-1] + END]
        while len(parts) > 1:
            pairs = itertools.pairwise(parts)
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            parts = _merged(parts, best)
        return parts


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    i = 0
    while i < len(parts):
        both = tuple(parts[i : i + 2]) == pair
        merged.append("".join(pair) if both else parts[i])
        i += 2 if both else 1
    return merged
