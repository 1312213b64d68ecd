"""SentencePiece's segmentation of a text by a unigram or a BPE model.

For the tokenizers that transformers runs by SentencePiece itself: the tokenizers library sums
scores in another precision, and normalizes clusters of characters rather than characters.
"""

from __future__ import annotations

import heapq
import struct

from attnviz.errors import BadCheckpoint
from attnviz.tokenizer.found_pieces import Found
from attnviz.tokenizer.sentencepiece_file import (
    BPE,
    NORMAL,
    UNUSED,
    USER_DEFINED,
    Piece,
    SentencePiece,
)
from attnviz.tokenizer.sentencepiece_normalizer import Normalizer, Prefixes

LONGEST_PIECE = 500  # characters, each of which costs time at every place of a text
UNKNOWN_PENALTY = 10.0
BONUS = 0.1
MATCHED = (NORMAL, USER_DEFINED, UNUSED)


class SentencePieceEncoder:
    """Cuts texts into the pieces of a model."""

    def __init__(self, model: SentencePiece) -> None:
        self._pieces = {p.text: p for p in reversed(model.pieces) if p.kind in MATCHED and p.text}
        self._known = {p.text for p in model.pieces if p.kind in (NORMAL, USER_DEFINED)}
        self._longest = max(map(len, self._pieces), default=0)
        if self._longest > LONGEST_PIECE:
            raise BadCheckpoint(f"it has a piece of {self._longest:,} characters")
        self._normalizer = Normalizer(model)
        self._frozen = Prefixes(p.text for p in model.pieces if p.kind == USER_DEFINED)
        scores = [p.score for p in model.pieces if p.kind == NORMAL] or [0.0]
        self._unknown = _single(min(scores) - UNKNOWN_PENALTY)
        self._cut = self._by_merges if model.algorithm == BPE else self._by_scores

    def encode(self, text: str) -> list[Found]:
        """The pieces of a text; a run of characters that no piece has is one piece."""
        chars, places = self._normalizer.normalize(text)
        found: list[Found] = []
        unknown = False
        for start, end in self._cut("".join(chars)):
            piece = "".join(chars[start:end])
            lacks = piece not in self._known
            if lacks and unknown:
                before = found.pop()
                piece, start_place = before.piece + piece, before.start
            else:
                start_place = places[start]
            found.append(Found(piece, start_place, places[end]))
            unknown = lacks
        return found

    def _by_scores(self, text: str) -> list[tuple[int, int]]:
        """The pieces of the highest sum of scores, by dynamic programming over their ends."""
        last = len(text)
        best: list[float] = [0.0] * (last + 1)
        begin = [-1] * (last + 1)
        for start in range(last):
            single = False
            for end in range(start + 1, min(start + self._longest, last) + 1):
                piece = self._pieces.get(text[start:end])
                if piece is not None and piece.kind != UNUSED:
                    single = single or end == start + 1
                    _update(best, begin, start, end, _score(piece))
            if not single:
                _update(best, begin, start, start + 1, self._unknown)
        cuts = []
        while last:
            cuts.append((begin[last], last))
            last = begin[last]
        return cuts[::-1]

    def _by_merges(self, text: str) -> list[tuple[int, int]]:
        """Neighbours merged, those that make the piece of the highest score first."""
        parts = self._single_parts(text)
        after = {start: end for start, end, _ in parts}
        before = {end: start for start, end, _ in parts}
        frozen = {start for start, _, frozen in parts if frozen}
        agenda: list[tuple[float, int, int]] = []
        made: dict[str, tuple[str, str]] = {}

        def propose(left: int, middle: int) -> None:
            end = after.get(middle)
            if end is None or left in frozen or middle in frozen:
                return
            piece = self._pieces.get(text[left:end])
            if piece is not None:
                heapq.heappush(agenda, (-piece.score, left, end))
                if piece.kind == UNUSED:
                    made[piece.text] = (text[left:middle], text[middle:end])

        for start, end, _ in parts:
            propose(start, end)
        while agenda:
            _, left, end = heapq.heappop(agenda)
            middle = after.get(left)
            if middle is None or after.get(middle) != end:
                continue  # one of the two was merged meanwhile
            after[left], before[end] = end, left
            del after[middle]
            if left in before:
                propose(before[left], left)
            propose(left, end)
        return [cut for left, end in after.items() for cut in self._split(text, left, end, made)]

    def _single_parts(self, text: str) -> list[tuple[int, int, bool]]:
        """The characters, and whole what users defined, which is never merged."""
        parts = []
        at = 0
        while at < len(text):
            length = self._frozen.length(text, at)
            parts.append((at, at + (length or 1), length > 0))
            at += length or 1
        return parts

    def _split(
        self, text: str, start: int, end: int, made: dict[str, tuple[str, str]]
    ) -> list[tuple[int, int]]:
        """A piece, or what an unused one was merged of."""
        piece = text[start:end]
        if piece not in made:
            return [(start, end)]
        middle = start + len(made[piece][0])
        halves = ((start, middle), (middle, end))
        return [cut for half in halves for cut in self._split(text, *half, made)]


def _update(best: list[float], begin: list[int], start: int, end: int, score: float) -> None:
    total = _single(score + best[start])
    if begin[end] < 0 or total > best[end]:
        best[end], begin[end] = total, start


def _score(piece: Piece) -> float:
    """A piece's own score; what users defined has a bonus that grows with its bytes instead."""
    if piece.kind != USER_DEFINED:
        return piece.score
    return BONUS * len(piece.text.encode()) - BONUS


def _single(number: float) -> float:
    """A number rounded to single precision, in which SentencePiece keeps its sums."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])
