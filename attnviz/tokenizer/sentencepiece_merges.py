"""The merges of byte-pair encoding that a SentencePiece vocabulary stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attnviz.errors import BadCheckpoint
from attnviz.tokenizer.sentencepiece_file import NORMAL, Piece

LONGEST_PIECE = 1000  # characters; the longest in use has some two hundred


def merges_by_id(ids: Mapping[str, int]) -> list[tuple[str, str]]:
    """Every pair of pieces that makes a piece; those of a smaller id come first."""
    ranked = [
        (id, len(left), len(right), ids[left], ids[right], left, right)
        for text, id in ids.items()
        for left, right in _halves(text)
        if left in ids and right in ids
    ]
    return [(left, right) for *_, left, right in sorted(ranked)]


def merges_by_falling_score(
    tokens: Sequence[str], scores: Sequence[float]
) -> list[tuple[str, str]]:
    """Every pair of pieces that makes a piece; those of a higher score come first."""
    ids = {token: id for id, token in enumerate(tokens)}
    ranked = [
        (score, len(left), len(right), left, right)
        for token, score in dict(zip(tokens, scores, strict=True)).items()
        for left, right in sorted(
            ((left, right) for left, right in _halves(token) if left in ids and right in ids),
            key=lambda pair: (ids[pair[0]], ids[pair[1]]),
        )
    ]
    ranked.sort(key=lambda one: one[:3], reverse=True)
    return [(left, right) for *_, left, right in ranked]


def merges_by_score(pieces: Mapping[int, tuple[str, Piece]]) -> list[tuple[str, str]]:
    """Every pair of normal pieces that makes one, the highest score first, then the smaller id.

    ``pieces`` gives, by id, the text of each in the vocabulary and what the file says of it.
    """
    normal = {
        text: (-piece.score, id) for id, (text, piece) in pieces.items() if piece.kind == NORMAL
    }
    ranked = [
        (*rank, left, right)
        for text, rank in normal.items()
        for left, right in _halves(text)
        if left in normal and right in normal
    ]
    return [(left, right) for *_, left, right in sorted(ranked)]


def _halves(text: str) -> Iterator[tuple[str, str]]:
    if len(text) > LONGEST_PIECE:
        raise BadCheckpoint(f"it has a piece of {len(text):,} characters")
    return ((text[:i], text[i:]) for i in range(1, len(text)))
