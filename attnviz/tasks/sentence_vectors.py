"""The vectors of a document's tokens, read in pieces of whole sentences, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from attnviz.brief import brief
from attnviz.errors import BadCheckpoint, EmptyText, quote
from attnviz.model import Model
from attnviz.result import FloatArray, Token
from attnviz.tasks.hierarchical import SentenceAttention
from attnviz.tasks.runs import IntArray
from attnviz.tasks.sentences import Document
from attnviz.tasks.states import read_inputs

SPECIAL = 2  # tokens that a tokenizer puts around a text


class SentenceVectors(NamedTuple):
    """A document's tokens in order, with their vectors ``x`` float32 (token, d_model).

    ``lengths`` int64 (sentence,) counts the tokens of each sentence; it is 0 for one of which the
    model reads nothing. The tokens' offsets are those in the document's text.
    """

    x: FloatArray
    lengths: IntArray
    tokens: tuple[Token, ...]

    def __repr__(self) -> str:
        return brief(self)


class _Span(NamedTuple):
    """A part of the text that fits a piece: a sentence, or some of the tokens of a long one."""

    start: int
    end: int
    sentence: int
    n_tokens: int


def read_sentences(
    model: Model, document: Document, attention: SentenceAttention
) -> SentenceVectors:
    """Read a document with the model that the head was fitted on.

    Raises BadCheckpoint for a model of another size, EmptyText where it reads nothing at all.
    """
    d_model, expected = model.spec.stacks[0].d_model, attention.words.projection.shape[0]
    if d_model != expected:
        raise BadCheckpoint(
            f"the head was fitted on vectors of {expected} numbers by {quote(attention.model)}, "
            f"but those of {model.info.name} have {d_model}"
        )
    pieces = list(_pieces(model, document, _room(model, attention.piece)))
    if not pieces:
        raise EmptyText("the model reads nothing in this text; give a paragraph or more")
    texts = (document.text[each[0].start : each[-1].end] for each in pieces)
    inputs = (model.encode(text, truncate=True) for text in texts)
    x, tokens = [], []
    lengths = np.zeros(len(document.sentences), np.int64)
    n_words = 0
    for piece, reading in zip(pieces, read_inputs(model, inputs, attention.layers), strict=True):
        first = piece[0].start
        x.append(reading.x)
        tokens += [_moved(token, first, n_words) for token in reading.tokens]
        n_words += 1 + max(token.word or 0 for token in reading.tokens)
        np.add.at(lengths, _sentences(piece, reading.tokens), 1)
    return SentenceVectors(np.concatenate(x), lengths, tuple(tokens))


def _room(model: Model, piece: int) -> int:
    limit = model.spec.stacks[0].max_positions
    return piece if limit is None else max(min(piece, limit - SPECIAL), 1)


def _sentences(piece: list[_Span], tokens: tuple[Token, ...]) -> IntArray:
    """The sentence of each token of a piece."""
    starts = np.array([span.start for span in piece]) - piece[0].start
    places = np.searchsorted(starts, [token.start or 0 for token in tokens], side="right") - 1
    return np.array([span.sentence for span in piece])[places]


def _moved(token: Token, start: int, words: int) -> Token:
    """A token of a piece as one of the document."""
    return replace(
        token,
        start=None if token.start is None else token.start + start,
        end=None if token.end is None else token.end + start,
        word=None if token.word is None else token.word + words,
    )


def _pieces(model: Model, document: Document, room: int) -> Iterator[list[_Span]]:
    """Neighbouring spans together, as long as they fit."""
    piece: list[_Span] = []
    used = 0
    for span in _spans(model, document, room):
        if piece and used + span.n_tokens > room:
            yield piece
            piece, used = [], 0
        piece.append(span)
        used += span.n_tokens
    if piece:
        yield piece


def _spans(model: Model, document: Document, room: int) -> Iterator[_Span]:
    """The sentences of which the model reads something, long ones cut between tokens."""
    for number, sentence in enumerate(document.sentences):
        tokens = model.tokenizer.encode(document.written(number), special=False).tokens
        cuts = [tokens[at].start or 0 for at in range(0, len(tokens), room)]
        ends = [*cuts[1:], sentence.end - sentence.start][: len(cuts)]
        for place, (start, end) in enumerate(zip(cuts, ends, strict=True)):
            n = min(room, len(tokens) - place * room)
            if end > start:
                yield _Span(sentence.start + start, sentence.start + end, number, n)
