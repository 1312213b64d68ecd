"""Annotated text: words with heads and relations, and the mentions of entities among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from attnviz.brief import brief
from attnviz.result import Token


class Node(NamedTuple):
    """A syntactic word; ``head`` is its head's position in the sentence, -1 for the root.

    ``start`` and ``end`` are character offsets in the sentence's text; nodes that are written as
    one word (``don't``) have those of the whole. ``shared`` are further heads of it and its
    relations to them, as enhanced dependencies have them: *he* in ``he came and left`` is the
    subject of both verbs.
    """

    form: str
    upos: str
    head: int
    relation: str
    start: int
    end: int
    shared: tuple[tuple[int, str], ...] = ()


class Mention(NamedTuple):
    """A mention of an entity: the nodes from ``start`` to ``end``, last included, and its head."""

    chain: str
    start: int
    end: int
    head: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or several: its text as written, its nodes in order, and the mentions in it.

    ``line`` is the number of the line that its first node stood on, where it was read.
    """

    text: str
    nodes: tuple[Node, ...]
    mentions: tuple[Mention, ...] = ()
    document: str = ""
    line: int | None = None

    __repr__ = brief


def join(sentences: Sequence[Sentence]) -> Sentence:
    """Sentences of one document as one text, a space between them."""
    nodes: list[Node] = []
    mentions: list[Mention] = []
    text = ""
    for sentence in sentences:
        text += " " if text else ""
        by, at = len(nodes), len(text)
        nodes += [
            node._replace(
                head=node.head + by if node.head >= 0 else -1,
                start=node.start + at,
                end=node.end + at,
                shared=tuple((head + by, relation) for head, relation in node.shared),
            )
            for node in sentence.nodes
        ]
        mentions += [
            Mention(m.chain, m.start + by, m.end + by, m.head + by) for m in sentence.mentions
        ]
        text += sentence.text
    return Sentence(text, tuple(nodes), tuple(mentions), sentences[0].document if sentences else "")


def word_of_node(sentence: Sentence, words: Iterable[Token]) -> tuple[int | None, ...]:
    """For each node the position of the word that it is, or begins, among a result's words.

    What a treebank splits may be one word here (``it's``), and what it keeps whole may be
    several; None where the text was cut before the node.
    """
    spans = [
        (at, word.start, word.end)
        for at, word in enumerate(words)
        if not word.special and word.start is not None and word.end is not None
    ]
    found: list[int | None] = []
    first = 0
    for node in sentence.nodes:
        while first < len(spans) and spans[first][2] <= node.start:
            first += 1
        there = first < len(spans) and spans[first][1] < node.end
        found.append(spans[first][0] if there else None)
    return tuple(found)
