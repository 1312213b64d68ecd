"""Pieces of a text as tokens that read as people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from attnviz.labelling.words import Layout
from attnviz.result import Token

SPACES = " ▁Ġ"  # a space, and how vocabularies spell it


class Piece(NamedTuple):
    """One token: its id, its spelling in the vocabulary, and the part of the text it stands for.

    ``span`` is None for a special token that stands for no text, such as one put around it;
    ``unknown`` says that the vocabulary has nothing for that part of the text.
    """

    id: int | None
    content: str
    segment: int
    span: tuple[int, int] | None
    special: bool = False
    unknown: bool = False


def label(pieces: Iterable[Piece], texts: Sequence[str]) -> tuple[Token, ...]:
    """The tokens of pieces, with what they show, where that stands, and the word that it is in.

    A token shows the part of the text that it stands for, without the blanks around it and with
    its characters whole: the four bytes of an emoji show that emoji four times. Words are those of
    ``word_spans``, counted through all texts. A token that is not special is in the word of its
    first visible character; a blank one is in the word that follows, or in the last.
    """
    views: list[_View] = []
    for text in texts:
        views.append(_View(text, views[-1].next_word if views else 0))
    return tuple([views[piece.segment].token(piece) for piece in pieces])


class _View:
    """One text as its tokens are labelled, one after the other."""

    def __init__(self, text: str, first_word: int) -> None:
        self._text = text
        self._layout = Layout(text)
        self._first_word = first_word
        self._floor = 0  # no token begins before the last one, nor inside a special one
        self.next_word = first_word + self._layout.n_words

    def token(self, piece: Piece) -> Token:
        """The next token."""
        id, content, segment, span, special, unknown = piece
        if span is None:
            return Token(content, id, special=True, segment=segment)
        start, end = span
        shown = self._text[start:end]
        if not shown or len(shown.strip()) < end - start:
            start, end = _without_blanks(self._text, start, end)
            shown = self._text[start:end]
        if special:
            self._floor = end
            return Token(content, id, start, end, None, True, segment)
        if shown != content and _is_blank(content) and shown.strip():
            end = start  # a space that the tokenizer has put before the text
        elif not self._layout.plain:
            start, end = self._layout.whole(start, end)
        start = self._floor = max(start, self._floor)
        end = max(start, end)
        shown = self._text[start:end] or (" " if _is_blank(content) else content)
        word = self._first_word + self._layout.word_at(start)
        spelling = None if content == shown else content
        return Token(shown, id, start, end, word, False, segment, unknown, spelling)


def _is_blank(content: str) -> bool:
    return not content.strip(SPACES)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the blanks at its ends; an empty one takes in the blanks before it."""
    shown = text[start:end].strip()
    if shown:
        start = text.index(shown, start)
        return start, start + len(shown)
    end = min(end, len(text))
    start = min(start, end)
    if start == end:
        while start > 0 and text[start - 1].isspace():
            start -= 1
    return start, end
