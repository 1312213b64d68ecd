"""Which row is explained: the one asked for or, where nothing is said, one that says much."""

from __future__ import annotations

from typing import NamedTuple, cast

from attnviz.analysis.ask import ask, find_word
from attnviz.analysis.choose import default_kind, most_telling
from attnviz.analysis.links import strongest_links
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view, select_heads
from attnviz.analysis.words import tokens_of_words
from attnviz.result import AttentionResult, Head, Kind

__all__ = ["Chosen", "choose_row"]


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
    """The row of a word's first token in a head.

    Without a head it is the one in which the word looks at another most particularly; without a
    word, the word with the strongest link in the head; without both, the head that says most.

    Raises UnknownWord, UnknownHead, or InputError for a map that is not there.
    """
    view = make_view(result if head is None else select_heads(result, heads=[head]))
    kind = cast(Kind, map or default_kind(view))
    view.map(kind)
    words = view.queries(kind)
    place = None if word is None else find_word(words, word).position
    if head is None:
        statistics = head_statistics(view, kind)
        answering = (
            () if word is None else ask(view, kind, statistics, find_word(words, word)).heads
        )
        head = answering[0] if answering else most_telling(view, kind, statistics).head
    if place is None:
        place = _strongest(result, kind, head)
    written = kind != "encoder" and result.target_tokens
    tokens = result.target_tokens if written else result.tokens
    return Chosen(kind, head, tokens_of_words(tokens)[place][0])


def _strongest(result: AttentionResult, kind: str, head: Head) -> int:
    """The word with the strongest link in a head; the first one if there is no link."""
    view = make_view(select_heads(result, heads=[head]))
    links = strongest_links(view, kind, head_statistics(view, kind))
    return links[0].query if links else 0
