"""Which row is explained: the one asked for or, where nothing is said, one that says much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from attnviz.analysis.ask import Place, ask, find_word
from attnviz.analysis.choose import default_kind, most_telling
from attnviz.analysis.links import strongest_links
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view, select_heads
from attnviz.analysis.words import tokens_of_words
from attnviz.errors import UnknownWord
from attnviz.result import AttentionResult, Head, Kind, Token


class Chosen(NamedTuple):
    """A row of a map: a head, and the place of a token among the map's queries."""

    kind: Kind
    head: Head
    query: int


def choose_row(
    result: AttentionResult,
    *,
    word: str | None = None,
    head: Head | None = None,
    map: Kind | None = None,
) -> Chosen:
    """The row of a word's first token in a head, or of the token that is spelt as the word is.

    A word stands before a token of the same spelling. Without a head it is the one in which the
    word looks at another most particularly; without a word, the word with the strongest link in
    the head; without both, the head that says most.

    Raises UnknownWord, UnknownHead, or InputError for a map that is not there.
    """
    view = make_view(result if head is None else select_heads(result, heads=[head]))
    kind = cast(Kind, map or default_kind(view))
    view.map(kind)
    written = kind != "encoder" and result.target_tokens
    tokens = result.target_tokens if written else result.tokens
    runs = tokens_of_words(tokens)
    query = None if word is None else _token(view.queries(kind), tokens, runs, word)
    if head is None:
        statistics = head_statistics(view, kind)
        at = None if query is None else next(i for i, run in enumerate(runs) if query in run)
        answering = () if at is None else ask(view, kind, statistics, Place(at)).heads
        head = answering[0] if answering else most_telling(view, kind, statistics).head
    if query is None:
        query = runs[_strongest(result, kind, head)][0]
    return Chosen(kind, head, query)


def _token(
    words: Sequence[Token], tokens: Sequence[Token], runs: Sequence[Sequence[int]], word: str
) -> int:
    """The first token of a word or, where no word is spelt so, the token that is."""
    try:
        return runs[find_word(words, word).position][0]
    except UnknownWord as unknown:
        try:
            spelt = [replace(token, text=token.spelling or token.text) for token in tokens]
            return find_word(spelt, word).position
        except UnknownWord:
            raise unknown from None


def _strongest(result: AttentionResult, kind: str, head: Head) -> int:
    """The word with the strongest link in a head; the first one if there is no link."""
    view = make_view(select_heads(result, heads=[head]))
    links = strongest_links(view, kind, head_statistics(view, kind))
    return links[0].query if links else 0
