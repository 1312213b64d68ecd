"""The tokens of a sequence as running text: what is written between them and in their place."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.marks import read_piece
from attnviz.analysis.words import is_word, merge_words, tokens_of_words
from attnviz.render.safe import token_label, visible
from attnviz.result import AttentionResult, Token

Piece = tuple[str, str, str, int | None, bool, bool, bool, int]
AS_TOKEN, IN_WORD = 1, 2


def running(tokens: Sequence[Token], texts: Sequence[str]) -> list[Piece]:
    """For each token: text before it and in its place, label, word, if special, unknown, masked.

    The last number says whether it is a word by itself, and whether what it is a part of is one.
    The text is the input's own wherever offsets tell; the text in a token's place is empty
    where an earlier token of the same characters shows them already.
    """
    pieces: list[Piece] = []
    at = segment = 0
    for token, in_word in zip(tokens, _in_words(tokens, texts), strict=True):
        before = ""
        if token.segment != segment:
            segment, at, before = token.segment, 0, "\n"
        text = texts[segment] if 0 <= segment < len(texts) else ""
        placed = _placed(token, text)
        if placed:
            start, end = placed
            before += _gap(text[at:start])
            written = text[max(start, at) : end].rstrip()
            at = max(start, at) + len(written)
        else:
            space, written = _guessed(token, pieces)
            before += space
        lead = written[: len(written) - len(written.lstrip())]
        shown = visible(written.strip())
        kind = (token.word, token.special, token.unknown, token.masked)
        letters = AS_TOKEN * is_word(token) + IN_WORD * in_word
        pieces.append((before + _gap(lead), shown, token_label(token), *kind, letters))
    return pieces


def _in_words(tokens: Sequence[Token], texts: Sequence[str]) -> list[bool]:
    """For each token whether the word, or whatever else it belongs to, is a word to rank."""
    words = merge_words(AttentionResult(tokens, {}, texts=texts)).tokens
    runs = zip(words, tokens_of_words(tokens), strict=True)
    return [is_word(word) for word, run in runs for _ in run]


def _placed(token: Token, text: str) -> tuple[int, int] | None:
    if token.start is None or token.end is None:
        return None
    return (token.start, token.end) if 0 <= token.start <= token.end <= len(text) else None


def _guessed(token: Token, earlier: Sequence[Piece]) -> tuple[str, str]:
    """The space before a token that has no place in a text, and what to write for it."""
    if token.special:
        return "", token.text
    text, begins = read_piece(token.text)
    inside = earlier and token.word is not None and earlier[-1][3] == token.word
    apart = not inside if begins is None else begins
    return " " if earlier and apart else "", text


def _gap(text: str) -> str:
    """What stands between tokens, its spaces and line breaks kept."""
    lines = text.replace("\r\n", "\n").replace("\t", " ").split("\n")
    return "\n".join(visible(line) for line in lines)
