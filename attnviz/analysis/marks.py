"""The marks that tokenizers put on pieces of words, read where there is no text to slice."""

from __future__ import annotations

from typing import NamedTuple

CONTINUES = "##"  # WordPiece: goes on with the word before it
STARTS = ("▁", "Ġ")  # SentencePiece and byte-level BPE: a space stands before it
ENDS = "</w>"  # BPE of the first GPT and of CLIP: the word is over


class Piece(NamedTuple):
    """A piece without its mark, and whether it begins a word, where the mark says so."""

    text: str
    begins: bool | None = None


def read_piece(written: str) -> Piece:
    """A token's text without its mark; what is nothing but a mark stays as it is."""
    if written.startswith(CONTINUES) and written != CONTINUES:
        return Piece(written.removeprefix(CONTINUES), begins=False)
    if written.startswith(STARTS) and len(written) > 1:
        return Piece(written[1:], begins=True)
    if written.endswith(ENDS) and written != ENDS:
        return Piece(written.removesuffix(ENDS))
    return Piece(written)
