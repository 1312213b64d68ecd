"""Phrases with heads, put together from words, and written as annotated sentences."""

from __future__ import annotations

from typing import NamedTuple

from attnviz.analysis.annotated import Mention, Node, Sentence


class Leaf(NamedTuple):
    """A word in a phrase; ``head`` is its head's position in the phrase, -1 for the phrase's own.

    ``entity`` names what a mention's head word refers to, empty for other words; ``reach`` is
    how many words before it the mention begins.
    """

    form: str
    upos: str
    head: int
    relation: str
    entity: str = ""
    reach: int = 0


Phrase = tuple[Leaf, ...]


def prepositional(preposition: str, noun: Phrase) -> Phrase:
    """A noun with a preposition before it."""
    return phrase((word(preposition, "ADP"), "case"), (noun, ""))


def word(form: str, upos: str) -> Phrase:
    """A phrase of one word."""
    return (Leaf(form, upos, -1, ""),)


def phrase(*parts: tuple[Phrase, str]) -> Phrase:
    """One phrase of several in order: those with a relation depend on the one without."""
    starts = [sum(len(part) for part, _ in parts[:i]) for i in range(len(parts))]
    [(top, start)] = [
        (p, s) for (p, relation), s in zip(parts, starts, strict=True) if not relation
    ]
    head = start + next(i for i, leaf in enumerate(top) if leaf.head < 0)
    found: list[Leaf] = []
    for (part, relation), by in zip(parts, starts, strict=True):
        for leaf in part:
            if leaf.head >= 0:
                found.append(leaf._replace(head=leaf.head + by))
            else:
                found.append(leaf._replace(head=head if relation else -1, relation=relation))
    return tuple(found)


def sentence(phrase: Phrase, document: str = "", end: str = ".") -> Sentence:
    """A phrase as a written sentence: a capital at its beginning, ``end`` at its end."""
    text = ""
    nodes: list[Node] = []
    for at, leaf in enumerate(phrase):
        form = leaf.form if at else leaf.form[0].upper() + leaf.form[1:]
        text += " " if text and form != "," else ""
        span = (len(text), len(text) + len(form))
        nodes.append(Node(form, leaf.upos, leaf.head, leaf.relation or "root", *span))
        text += form
    root = next(i for i, leaf in enumerate(phrase) if leaf.head < 0)
    nodes.append(Node(end, "PUNCT", root, "punct", len(text), len(text) + 1))
    mentions = tuple(
        Mention(leaf.entity, at - leaf.reach, at, at)
        for at, leaf in enumerate(phrase)
        if leaf.entity
    )
    return Sentence(text + end, tuple(nodes), mentions, document)
