"""Sentences made by rule, which carry their own annotation: discourses and dependency trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from attnviz.analysis.annotated import Mention, Node, Sentence, join

__all__ = ["clauses", "discourses"]


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


class Entity(NamedTuple):
    """Something that can be mentioned again: its noun, and its pronouns by case."""

    noun: str
    proper: bool
    subject: str
    object: str
    possessive: str
    reflexive: str


HE = ("he", "him", "his", "himself")
SHE = ("she", "her", "her", "herself")
IT = ("it", "it", "its", "itself")
THEY = ("they", "them", "their", "themselves")

MEN = ("Peter", "John", "David", "king", "man", "boy", "father", "uncle", "brother", "farmer")
WOMEN = ("Mary", "Anna", "Sarah", "queen", "woman", "girl", "mother", "aunt", "sister", "nurse")
THINGS = (
    "hat",
    "book",
    "letter",
    "box",
    "car",
    "knife",
    "table",
    "ball",
    "cup",
    "ring",
    "bag",
    "key",
    "dog",
    "cat",
)
GROUPS = (
    "children",
    "soldiers",
    "neighbours",
    "workers",
    "students",
    "boxes",
    "letters",
    "keys",
    "dogs",
    "flowers",
)
PLACES = (
    "garden",
    "kitchen",
    "street",
    "station",
    "park",
    "library",
    "village",
    "market",
    "office",
    "river",
)
ADJECTIVES = ("old", "new", "small", "large", "red", "good", "strange", "heavy", "quiet", "young")
TRANSITIVE = (
    "took",
    "saw",
    "found",
    "liked",
    "watched",
    "carried",
    "wanted",
    "lost",
    "moved",
    "needed",
)
MEETING = ("met", "saw", "helped", "thanked", "visited", "followed", "called", "knew")
INTRANSITIVE = ("slept", "waited", "laughed", "left", "smiled", "worked", "arrived", "stayed")
PREPOSITIONS = ("in", "near", "behind", "beside", "from", "at")
AUXILIARIES = ("will", "can", "may", "must", "would", "should")
BASE = ("take", "see", "find", "like", "watch", "carry", "want", "lose", "move", "need")
LINKS = ("and", "but", "because", "when", "so")
KEPT = ("friend", "house", "picture", "name", "coat", "room", "money")


def clauses(n: int, seed: int = 0) -> Iterator[Sentence]:
    """n sentences from a small phrase grammar, with dependencies as in Universal Dependencies."""
    random = Random(seed)
    for _ in range(n):
        first = _clause(random)
        if random.random() < 0.5:
            yield _sentence(first)
            continue
        link = random.choice(LINKS)
        coordinated = link in ("and", "but")
        second = _join(
            (_word(link, "CCONJ" if coordinated else "SCONJ"), "cc" if coordinated else "mark"),
            (_clause(random), ""),
        )
        yield _sentence(_join((first, ""), (second, "conj" if coordinated else "advcl")))


def discourses(n: int, seed: int = 0) -> Iterator[Sentence]:
    """n texts of three sentences about two or three entities that pronouns tell apart.

    The first sentence names them; the others mention them again, by pronoun or by noun, and each
    third-person pronoun has one possible antecedent.
    """
    random = Random(seed)
    for number in range(n):
        cast = _cast(random)
        named: set[str] = set()
        yield join(
            [
                _sentence(_event(random, cast, named, pronouns=part > 0), f"discourse {number}")
                for part in range(3)
            ]
        )


def _cast(random: Random) -> list[Entity]:
    """Two or three entities, a person first, no two with the same pronouns."""
    classes = [(MEN, HE), (WOMEN, SHE), (THINGS, IT), (GROUPS, THEY)]
    first = random.choice(classes[:2])
    others = random.sample([one for one in classes if one is not first], random.choice((1, 2, 2)))
    cast = []
    for nouns, pronouns in [first, *others]:
        noun = random.choice(nouns)
        cast.append(Entity(noun, noun[0].isupper(), *pronouns))
    return cast


def _event(random: Random, cast: Sequence[Entity], named: set[str], *, pronouns: bool) -> Phrase:
    """A sentence about the cast: all of it in the first sentence, some of it in the others."""
    people = [one for one in cast if one.subject != "it"]
    who = random.choice(people)
    rest = [one for one in cast if one is not who]
    random.shuffle(rest)
    if pronouns and len(rest) > 1 and random.random() < 0.5:
        rest = rest[:1]
    told: set[str] = set()

    def mention(one: Entity, case: str) -> Phrase:
        again = one.noun in told
        told.add(one.noun)
        if one.noun in named and pronouns and (again or random.random() < 0.6):
            form = one.subject if case == "subject" else one.object
            return (Leaf(form, "PRON", -1, "", one.noun),)
        return _named(random, one, named)

    subject = mention(who, "subject")
    parts: list[tuple[Phrase, str]] = [(subject, "nsubj")]
    verbs = TRANSITIVE if rest[0].subject == "it" else MEETING
    parts += [(_word(random.choice(verbs), "VERB"), ""), (mention(rest[0], "object"), "obj")]
    if len(rest) > 1:
        parts.append(
            (
                _prepositional(
                    random.choice(("with", "near", "behind", "for")), mention(rest[1], "object")
                ),
                "obl",
            )
        )
    elif random.random() < 0.5:
        place = _join((_word("the", "DET"), "det"), (_word(random.choice(PLACES), "NOUN"), ""))
        parts.append((_prepositional(random.choice(PREPOSITIONS), place), "obl"))
    if pronouns and random.random() < 0.5:
        owner = random.choice([one for one in cast if one.noun in told])
        his: Phrase = (Leaf(owner.possessive, "PRON", -1, "", owner.noun),)
        kept = _join((his, "nmod:poss"), (_word(random.choice(KEPT), "NOUN"), ""))
        found = _join(
            (_word("and", "CCONJ"), "cc"),
            (_word(random.choice(TRANSITIVE), "VERB"), ""),
            (kept, "obj"),
        )
        parts.append((found, "conj"))
    return _join(*parts)


def _named(random: Random, one: Entity, named: set[str]) -> Phrase:
    """The entity by its noun: ``a king`` at first and ``the king`` from then on, or a name."""
    first = one.noun not in named
    named.add(one.noun)
    if one.proper:
        return (Leaf(one.noun, "PROPN", -1, "", one.noun),)
    plural = one.subject == "they"
    words = [_word(("some" if plural else "a") if first else "the", "DET")]
    if first and random.random() < 0.4:
        words.append(_word(random.choice([a for a in ADJECTIVES if a != "old"]), "ADJ"))
    noun: Phrase = (Leaf(one.noun, "NOUN", -1, "", one.noun, len(words)),)
    relations = ("det", "amod")
    return _join(*zip(words, relations, strict=False), (noun, ""))


def _clause(random: Random) -> Phrase:
    """A subject, perhaps an auxiliary, a verb, perhaps an object, perhaps a place."""
    parts = [(_noun_phrase(random, ("he", "she", "they")), "nsubj")]
    with_object = random.random() < 0.7
    if random.random() < 0.4:
        parts.append((_word(random.choice(AUXILIARIES), "AUX"), "aux"))
        verb = random.choice(BASE) if with_object else random.choice(("sleep", "wait", "leave"))
    else:
        verb = random.choice(TRANSITIVE if with_object else INTRANSITIVE)
    parts.append((_word(verb, "VERB"), ""))
    if with_object:
        parts.append((_noun_phrase(random, ("him", "her", "them")), "obj"))
    if random.random() < 0.5:
        parts.append((_prepositional(random.choice(PREPOSITIONS), _place(random)), "obl"))
    return _join(*parts)


def _noun_phrase(random: Random, pronouns: Sequence[str], with_place: float = 0.3) -> Phrase:
    if random.random() < 0.25:
        form = random.choice((*pronouns, "Peter", "Mary", "Anna"))
        return _word(form, "PROPN" if form[0].isupper() else "PRON")
    parts = [(_word(random.choice(("the", "a", "this", "every")), "DET"), "det")]
    if random.random() < 0.5:
        parts.append((_word(random.choice(ADJECTIVES), "ADJ"), "amod"))
    noun = random.choice([n for n in MEN + WOMEN + THINGS if n.islower()])
    parts.append((_word(noun, "NOUN"), ""))
    if random.random() < with_place:
        parts.append((_prepositional(random.choice(PREPOSITIONS), _place(random)), "nmod"))
    return _join(*parts)


def _place(random: Random) -> Phrase:
    parts = [(_word(random.choice(("the", "a")), "DET"), "det")]
    if random.random() < 0.3:
        parts.append((_word(random.choice(ADJECTIVES), "ADJ"), "amod"))
    return _join(*parts, (_word(random.choice(PLACES), "NOUN"), ""))


def _prepositional(preposition: str, noun: Phrase) -> Phrase:
    return _join((_word(preposition, "ADP"), "case"), (noun, ""))


def _word(form: str, upos: str) -> Phrase:
    return (Leaf(form, upos, -1, ""),)


def _join(*parts: tuple[Phrase, str]) -> Phrase:
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


def _sentence(phrase: Phrase, document: str = "") -> Sentence:
    """A phrase as a written sentence: a capital at its beginning, a full stop at its end."""
    text = ""
    nodes: list[Node] = []
    for at, leaf in enumerate(phrase):
        form = leaf.form if at else leaf.form[0].upper() + leaf.form[1:]
        text += " " if text else ""
        nodes.append(
            Node(
                form,
                leaf.upos,
                leaf.head,
                leaf.relation or "root",
                len(text),
                len(text) + len(form),
            )
        )
        text += form
    root = next(i for i, leaf in enumerate(phrase) if leaf.head < 0)
    nodes.append(Node(".", "PUNCT", root, "punct", len(text), len(text) + 1))
    mentions = tuple(
        Mention(leaf.entity, at - leaf.reach, at, at)
        for at, leaf in enumerate(phrase)
        if leaf.entity
    )
    return Sentence(text + ".", tuple(nodes), mentions, document)
