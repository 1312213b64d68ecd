"""Pieces of a text as tokens that read as people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attnviz.checkpoint.pieces import Piece
from attnviz.checkpoint.words import Layout
from attnviz.result import Token

__all__ = ["label"]

SPACES = " ▁Ġ"  # a space, and how vocabularies spell it


def label(pieces: Iterable[Piece], texts: Sequence[str]) -> tuple[Token, ...]:
    """The tokens of pieces, with what they show, where that stands, and the word that it is in.

    A token shows the part of the text that it stands for, without the blanks around it and with
    its characters whole: the four bytes of an emoji show that emoji four times. Words are those of
    ``word_spans``, counted through all texts. A token that is not special is in the word of its
    first visible character; a blank one is in the word that follows, or in the last.
    """
    layouts = [Layout(text) for text in texts]
    first_words = [sum(layout.n_words for layout in layouts[:i]) for i in range(len(layouts))]
    return tuple(
        _special(piece, texts[piece.segment])
        if piece.special
        else _visible(
            piece, texts[piece.segment], layouts[piece.segment], first_words[piece.segment]
        )
        for piece in pieces
    )


def _special(piece: Piece, text: str) -> Token:
    start, end = (None, None) if piece.span is None else _without_blanks(text, *piece.span)
    return Token(piece.content, piece.id, start, end, None, True, piece.segment)


def _visible(piece: Piece, text: str, layout: Layout, first_word: int) -> Token:
    start, end = _without_blanks(text, *(piece.span or (0, 0)))
    shown = text[start:end]
    if _is_blank(piece.content) and shown.strip() and shown != piece.content:
        shown, end = " ", start  # a space that the tokenizer has put before the text
    elif shown:
        start, end = layout.whole(start, end)
        shown = text[start:end]
    else:
        shown = " " if _is_blank(piece.content) else piece.content
    word = first_word + layout.word_at(start)
    return Token(shown, piece.id, start, end, word, False, piece.segment)


def _is_blank(content: str) -> bool:
    return not content.strip(SPACES)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the blanks at its ends; an empty one takes in the blanks before it."""
    end = min(end, len(text))
    start = min(start, end)
    if text[start:end].strip():
        while text[start].isspace():
            start += 1
        while text[end - 1].isspace():
            end -= 1
    elif start == end:
        while start > 0 and text[start - 1].isspace():
            start -= 1
    return start, end
