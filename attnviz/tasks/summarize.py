"""Summarizing: a document's sentences, weighed by attention or otherwise, and the chosen ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from attnviz.brief import brief
from attnviz.errors import EmptyText, InputError
from attnviz.model import Model
from attnviz.result import FloatArray, Token
from attnviz.tasks.baselines import first_sentences, lexrank
from attnviz.tasks.hierarchical import SentenceAttention
from attnviz.tasks.sentence_vectors import read_sentences
from attnviz.tasks.sentences import Document
from attnviz.tasks.words import sum_over_words

Method = Literal["attention", "lexrank", "lead"]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """A document with weights (sentence,) that sum to 1, and the sentences chosen by them.

    ``chosen`` are the sentences' indices in their order. ``words`` and ``word_weights`` (word,)
    are what attention makes of the words, each sentence's
    weight shared among its own; without attention there are none.
    """

    document: Document
    method: Method
    weights: FloatArray
    chosen: tuple[int, ...]
    words: tuple[Token, ...] = ()
    word_weights: FloatArray | None = None

    __repr__ = brief

    @property
    def sentences(self) -> tuple[Token, ...]:
        """The sentences as units of the document's text."""
        return tuple(
            Token(self.document.written(n), start=each.start, end=each.end, word=n)
            for n, each in enumerate(self.document.sentences)
        )


def summarize(
    document: Document,
    n: int = 3,
    *,
    attention: SentenceAttention | None = None,
    model: Model | None = None,
    by: Method = "attention",
) -> Summary:
    """The n sentences of most weight; ``by`` attention takes the head and the model it reads with.

    Raises EmptyText for a document without a sentence, InputError for a method without its head.
    """
    if not document.sentences:
        raise EmptyText("there is no sentence in the text; give a paragraph or more")
    written = [document.written(i) for i in range(len(document.sentences))]
    if by != "attention":
        weights = lexrank(written) if by == "lexrank" else first_sentences(written)
        return Summary(document, by, weights, choose(weights, n))
    if attention is None or model is None:
        raise InputError(
            "to summarize by attention, give the head and the model that it reads with"
        )
    read = read_sentences(model, document, attention)
    vectors, inside = attention.vectors(read.x, read.lengths[read.lengths > 0])
    weights = np.zeros(len(written), np.float32)
    weights[read.lengths > 0] = attention.weights(vectors)
    shares = inside * np.repeat(weights, read.lengths)
    words, (word_weights,) = sum_over_words(read.tokens, document.text, shares[None])
    return Summary(document, by, weights, choose(weights, n), words, word_weights)


def choose(weights: FloatArray, n: int) -> tuple[int, ...]:
    """The n indices of most weight, in their order."""
    return tuple(sorted(np.argsort(-weights, kind="stable")[:n].tolist()))
