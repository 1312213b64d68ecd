"""A small phrase grammar of English, whose sentences carry their dependencies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from attnviz.analysis import vocabulary as words
from attnviz.analysis.annotated import Sentence
from attnviz.analysis.phrases import Phrase, phrase, prepositional, sentence, word

Part = tuple[Phrase, str]
"""A phrase and its relation to the head of the phrase that it is put into; empty for that head."""

DEEPEST = 2
"""So many clauses within clauses there are at most."""


class Subject(NamedTuple):
    """A subject, and which form of *be* agrees with it: of *am*, *is* and *are*."""

    phrase: Phrase
    form: int


class Place(NamedTuple):
    """Where something is said: of a subject with this form of *be*, so many clauses down."""

    form: int
    depth: int


def clauses(n: int, seed: int = 0) -> Iterator[Sentence]:
    """n sentences from a small phrase grammar, with dependencies as in Universal Dependencies.

    Statements and questions, of one clause or several, active and passive, with copulas,
    infinitives, coordination, relative clauses and what stands between a verb and its subject:
    how far apart words of a relation stand is much as in text.
    """
    random = Random(seed)
    for _ in range(n):
        made = random.choices((_statement, _two, _question), (3, 5, 1))[0]
        yield made(random)


def _statement(random: Random) -> Sentence:
    return sentence(_clause(random))


def _question(random: Random) -> Sentence:
    """``Did the man take the hat?``, ``Where did you find it?``."""
    subject, verb = _subject(random), random.choice(words.BASE)
    aux = (word(random.choice(("did", *words.AUXILIARIES)), "AUX"), "aux")
    where = (word(random.choice(("where", "when", "why", "how")), "ADV"), "advmod")
    asked = [where] * random.randrange(2)
    parts = [*asked, aux, (subject.phrase, "nsubj"), (word(verb, "VERB"), "")]
    asked_for = (_object(random), "obj")
    return sentence(phrase(*parts, asked_for, *_after(random)), end="?")


def _two(random: Random) -> Sentence:
    """Two clauses, the second beside the first or below it, before it or behind it."""
    first, second = _clause(random), _clause(random, 1)
    comma = [(word(",", "PUNCT"), "punct")]
    if random.random() < 0.4:
        link = random.choice(("and", "but", "so"))
        beside = phrase((word(link, "CCONJ"), "cc"), (second, ""))
        return sentence(phrase((first, ""), *comma * random.randrange(2), (beside, "conj")))
    link = random.choice(("because", "when", "while", "if", "after", "although"))
    below = (phrase((word(link, "SCONJ"), "mark"), (second, "")), "advcl")
    if random.random() < 0.4:
        return sentence(phrase(below, *comma, (first, "")))
    return sentence(phrase((first, ""), below))


def _clause(random: Random, depth: int = 0) -> Phrase:
    """What stands before it, a subject, and what is said of it."""
    subject = _subject(random, depth)
    said = random.choices(*zip(*PREDICATES, strict=True))[0](random, Place(subject.form, depth))
    relation = "nsubj:pass" if any(one == "aux:pass" for _, one in said) else "nsubj"
    return phrase(*_before(random), (subject.phrase, relation), *said)


def _active(random: Random, place: Place) -> list[Part]:
    """``quickly took the hat from the box``, ``will not see her``, and perhaps a second verb."""
    parts = [
        *_verb(random, transitive=True),
        (_object(random, place.depth), "obj"),
        *_after(random),
    ]
    if random.random() < 0.25:
        more = (word(random.choice(words.TRANSITIVE), "VERB"), ""), (_object(random), "obj")
        parts.append((phrase((word("and", "CCONJ"), "cc"), *more), "conj"))
    return parts


def _intransitive(random: Random, _: Place) -> list[Part]:
    """``slept in the garden``."""
    return [*_verb(random, transitive=False), *_after(random)]


def _quality(random: Random, place: Place) -> list[Part]:
    """``was not very old``."""
    degree = (word(random.choice(("very", "so", "too", "really")), "ADV"), "advmod")
    degrees = [degree] * (random.random() < 0.4)
    quality = phrase(*degrees, (word(random.choice(words.ADJECTIVES), "ADJ"), ""))
    return [*_be(random, place.form), (quality, ""), *_after(random, 0.3)]


def _what_it_is(random: Random, place: Place) -> list[Part]:
    """``is a friend of the king``."""
    return [*_be(random, place.form), (_nouns(random, place.depth, plural=place.form == 2), "")]


def _passive(random: Random, place: Place) -> list[Part]:
    """``was taken by the man``."""
    be = (word(words.WAS[place.form], "AUX"), "aux:pass")
    parts = [be, (word(random.choice(words.PARTICIPLES), "VERB"), "")]
    if random.random() < 0.5:
        parts.append((prepositional("by", _object(random, place.depth)), "obl"))
    return [*parts, *_after(random, 0.4)]


def _infinitive(random: Random, place: Place) -> list[Part]:
    """``wanted to see the letter``."""
    to, verb = word("to", "PART"), word(random.choice(words.BASE), "VERB")
    parts = (to, "mark"), (verb, ""), (_object(random, place.depth), "obj")
    below = phrase(*parts, *_after(random, 0.4))
    verbs = ("wanted", "tried", "decided", "hoped")
    return [(word(random.choice(verbs), "VERB"), ""), (below, "xcomp")]


def _report(random: Random, place: Place) -> list[Part]:
    """``said that the boy left``."""
    verb = (word(random.choice(("said", "thought", "knew", "hoped", "heard")), "VERB"), "")
    if place.depth >= DEEPEST:
        return [verb, (word("so", "ADV"), "advmod")]
    that = [(word("that", "SCONJ"), "mark")] * random.randrange(2)
    return [verb, (phrase(*that, (_clause(random, place.depth + 1), "")), "ccomp")]


PREDICATES: tuple[tuple[Callable[[Random, Place], list[Part]], int], ...] = (
    (_active, 8),
    (_intransitive, 4),
    (_quality, 3),
    (_what_it_is, 2),
    (_passive, 2),
    (_infinitive, 2),
    (_report, 2),
)
"""What can be said of a subject, and how often it is."""


def _verb(random: Random, *, transitive: bool) -> list[Part]:
    """A verb with what stands before it: an auxiliary, *not*, an adverb."""
    past, base = (
        (words.TRANSITIVE, words.BASE) if transitive else (words.INTRANSITIVE, words.BASE_ALONE)
    )
    adverb = [(word(random.choice(words.ADVERBS), "ADV"), "advmod")] * (random.random() < 0.15)
    if random.random() < 0.4:
        negated = [(word("not", "PART"), "advmod")] * (random.random() < 0.3)
        aux = "did" if negated and random.random() < 0.5 else random.choice(words.AUXILIARIES)
        aux_part = (word(aux, "AUX"), "aux")
        return [aux_part, *negated, *adverb, (word(random.choice(base), "VERB"), "")]
    return [*adverb, (word(random.choice(past), "VERB"), "")]


def _be(random: Random, form: int) -> list[Part]:
    """``is``, ``were not``."""
    be = (word(random.choice((words.WAS, words.IS))[form], "AUX"), "cop")
    return [be, *[(word("not", "PART"), "advmod")] * (random.random() < 0.15)]


def _before(random: Random) -> list[Part]:
    """``in the garden ,``, ``yesterday``, or nothing."""
    if random.random() < 0.85:
        return []
    if random.random() < 0.5:
        found: Part = (prepositional(random.choice(words.PREPOSITIONS), _nouns(random, 9)), "obl")
    else:
        found = (word(random.choice(words.TIMES), "ADV"), "advmod")
    return [found, *[(word(",", "PUNCT"), "punct")] * random.randrange(2)]


def _after(random: Random, often: float = 0.5) -> list[Part]:
    """``in the garden``, ``quietly``, or nothing."""
    found: list[Part] = []
    if random.random() < often:
        found.append((prepositional(random.choice(words.PREPOSITIONS), _nouns(random, 1)), "obl"))
    if random.random() < 0.3 * often:
        found.append((word(random.choice((*words.ADVERBS, *words.TIMES)), "ADV"), "advmod"))
    return found


def _subject(random: Random, depth: int = 0) -> Subject:
    """A pronoun, a name, or a phrase about a noun."""
    kind = random.choices(("pronoun", "name", "noun"), (6, 1, 3))[0]
    if kind == "pronoun":
        form, be = random.choice(words.SUBJECTS)
        return Subject(word(form, "PRON"), be)
    if kind == "name":
        return Subject(word(random.choice(words.NAMES), "PROPN"), 1)
    plural = random.random() < 0.4
    return Subject(_nouns(random, depth, plural=plural), 2 if plural else 1)


def _object(random: Random, depth: int = 1) -> Phrase:
    """What a verb or a preposition takes: a pronoun, a name, or a phrase about a noun."""
    kind = random.choices(("pronoun", "name", "noun"), (3, 1, 7))[0]
    if kind == "pronoun":
        return word(random.choice(words.OBJECTS), "PRON")
    if kind == "name":
        return word(random.choice(words.NAMES), "PROPN")
    return _nouns(random, depth, plural=random.random() < 0.4)


def _nouns(random: Random, depth: int, *, plural: bool = False) -> Phrase:
    """``three big boxes near the door``: a noun, what stands before it and what behind it."""
    parts = _determiner(random, plural=plural)
    if random.random() < 0.2:
        parts.append((word(random.choice(words.ADJECTIVES), "ADJ"), "amod"))
    if random.random() < 0.08:
        parts.append((word(random.choice(words.COMPOUNDS), "NOUN"), "compound"))
    nouns = words.PLURALS if plural else words.SINGULARS
    parts.append((word(random.choice(nouns), "NOUN"), ""))
    return phrase(*parts, *_of_noun(random, depth))


def _determiner(random: Random, *, plural: bool) -> list[Part]:
    kind = random.choices(("article", "owner", "number", "none"), (6, 2, 1, 3))[0]
    if kind == "article" or (kind != "owner" and not plural):
        choice = words.PLURAL_ARTICLES if plural else words.ARTICLES
        return [(word(random.choice(choice), "DET"), "det")]
    if kind == "owner":
        return [(word(random.choice(words.OWNERS), "PRON"), "nmod:poss")]
    if kind == "number":
        return [(word(random.choice(("two", "three", "ten")), "NUM"), "nummod")]
    return []


def _of_noun(random: Random, depth: int) -> list[Part]:
    """``of the king``, ``and the queen``, ``who found the letter``, or nothing."""
    if depth >= DEEPEST or random.random() < 0.5:
        return []
    kind = random.choices(("place", "and", "who"), (4, 2, 2))[0]
    if kind == "place":
        preposition = random.choice(("of", "of", *words.PREPOSITIONS))
        return [(prepositional(preposition, _nouns(random, depth + 1)), "nmod")]
    if kind == "and":
        return [(phrase((word("and", "CCONJ"), "cc"), (_nouns(random, depth + 1), "")), "conj")]
    verb = (word(random.choice(words.TRANSITIVE), "VERB"), "")
    if random.random() < 0.5:
        who = (word(random.choice(("who", "that")), "PRON"), "nsubj")
        return [(phrase(who, verb, (_object(random, depth + 1), "obj")), "acl:relcl")]
    subject = (_subject(random, DEEPEST).phrase, "nsubj")
    that = [(word("that", "PRON"), "obj")] * random.randrange(2)
    return [(phrase(*that, subject, verb), "acl:relcl")]
