"""Texts made by rule about a few entities, which carry what their pronouns refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from attnviz.analysis.annotated import Sentence, join
from attnviz.analysis.phrases import Leaf, Phrase, phrase, prepositional, sentence, word
from attnviz.analysis.vocabulary import (
    ADJECTIVES,
    ADVERBS,
    BASE,
    GROUPS,
    HE,
    INTRANSITIVE,
    IT,
    JUDGED,
    KEPT,
    MEETING,
    MEN,
    OBJECT,
    PEOPLE,
    PLACES,
    POSSESSIVE,
    PREPOSITIONS,
    REFLEXIVE,
    SHE,
    SUBJECT,
    THEY,
    THINGS,
    TO_ONESELF,
    TOWNS,
    TRANSITIVE,
    WEATHER,
    WOMEN,
)


class Entity(NamedTuple):
    """Something that can be mentioned again: its noun, and its pronouns by case."""

    noun: str
    pronouns: tuple[str, str, str, str]

    @property
    def subject(self) -> str:
        """Its pronoun as a subject."""
        return self.pronouns[SUBJECT]


def discourses(
    n: int,
    seed: int = 0,
    *,
    sentences: int = 3,
    expletives: float = 0.0,
    neutral: float = 0.0,
) -> Iterator[Sentence]:
    """n texts of a few sentences about two or three entities that pronouns tell apart.

    Sentences mention them again by pronoun or by noun, and each third-person pronoun has one
    possible antecedent. That share of sentences given as ``expletives`` begins with an *it* that
    refers to nothing instead. In that share given as ``neutral`` of texts there is one person, by a
    noun that does not say whether it is *he* or *she*: where all nouns say so, heads that pair
    *he* with *king* seem to find antecedents, which in text they seldom do.
    """
    random = Random(seed)
    for number in range(n):
        cast = _with_one_person(random) if neutral and random.random() < neutral else _cast(random)
        named: set[str] = set()
        parts = [
            _empty(random)
            if random.random() < expletives
            else _event(random, cast, named, part > 0)
            for part in range(sentences)
        ]
        yield join([sentence(part, f"discourse {number}") for part in parts])


def _empty(random: Random) -> Phrase:
    """``it was raining``, ``it was hard to find the key``, ``it seemed that Mary slept``."""
    it = (word("it", "PRON"), "expl")
    kind = random.randrange(3)
    if kind == 0:
        weather = (word(random.choice(WEATHER), "VERB"), "")
        place = (prepositional("in", _place(random)), "obl")
        return phrase(it, (word("was", "AUX"), "aux"), weather, *[place] * random.randrange(2))
    if kind == 1:
        thing = phrase((word("the", "DET"), "det"), (word(random.choice(THINGS), "NOUN"), ""))
        verb = (word(random.choice(BASE), "VERB"), "")
        find = phrase((word("to", "PART"), "mark"), verb, (thing, "obj"))
        judged = (word(random.choice(JUDGED), "ADJ"), "")
        return phrase(
            it, (word(random.choice(("is", "was")), "AUX"), "cop"), judged, (find, "csubj")
        )
    who = (word(random.choice([one for one in MEN + WOMEN if one.istitle()]), "PROPN"), "nsubj")
    left = (word(random.choice(INTRANSITIVE), "VERB"), "")
    that = phrase((word("that", "SCONJ"), "mark"), who, left)
    return phrase(it, (word(random.choice(("seemed", "appeared")), "VERB"), ""), (that, "ccomp"))


def _cast(random: Random) -> list[Entity]:
    """Two or three entities, a person first, no two with the same pronouns."""
    classes = [(MEN, HE), (WOMEN, SHE), (THINGS, IT), (GROUPS, THEY)]
    first = random.choice(classes[:2])
    others = random.sample([one for one in classes if one is not first], random.choice((1, 2, 2)))
    cast = []
    for nouns, pronouns in [first, *others]:
        noun = random.choice(nouns)
        cast.append(Entity(noun, pronouns))
    return cast


def _with_one_person(random: Random) -> list[Entity]:
    """A person who may be he or she, and one or two entities that are neither."""
    person = Entity(random.choice(PEOPLE), random.choice((HE, SHE)))
    others = random.sample([(THINGS, IT), (GROUPS, THEY)], random.choice((1, 2, 2)))
    return [person, *(Entity(random.choice(nouns), pronouns) for nouns, pronouns in others)]


def _event(random: Random, cast: Sequence[Entity], named: set[str], pronouns: bool) -> Phrase:
    """A sentence about the cast: all of it in the first sentence, some of it in the others."""
    who = random.choice([one for one in cast if one.subject != "it"])
    rest = random.sample([one for one in cast if one is not who], len(cast) - 1)
    if pronouns and random.random() < 0.5:
        rest = rest[:1]

    def mention(one: Entity, case: int) -> Phrase:
        if pronouns and one.noun in named and random.random() < 0.7:
            return _pronoun(one, case)
        return _named(random, one, named)

    parts: list[tuple[Phrase, str]] = [(mention(who, SUBJECT), "nsubj")]
    verbs = TRANSITIVE if rest[0].subject == "it" else MEETING
    parts += [(word(random.choice(verbs), "VERB"), ""), (mention(rest[0], OBJECT), "obj")]
    if len(rest) > 1:
        beside = random.choice(("with", "near", "behind", "for"))
        parts.append((prepositional(beside, mention(rest[1], OBJECT)), "obl"))
    elif random.random() < 0.5:
        parts.append((prepositional(random.choice(PREPOSITIONS), _place(random)), "obl"))
    if random.random() < 0.5:
        comma = (word(",", "PUNCT"), "punct")
        parts = [
            (prepositional(random.choice(PREPOSITIONS), _place(random)), "obl"),
            comma,
            *parts,
        ]
    if random.random() < 0.7:
        parts.append(random.choice((_and_more, _because))(random, who, rest))
    return phrase(*parts)


def _alone(random: Random, cast: Sequence[Entity], named: set[str]) -> Phrase:
    """``Peter lost his coat``, ``the cat washed itself``."""
    who = random.choice(cast)
    subject = (_named(random, who, named), "nsubj")
    if random.random() < 0.5:
        verb, found = random.choice(TO_ONESELF), _pronoun(who, REFLEXIVE)
    else:
        verb, found = random.choice(TRANSITIVE), _owned(random, who)
    return phrase(subject, (word(verb, "VERB"), ""), (found, "obj"))


def _and_more(random: Random, who: Entity, rest: Sequence[Entity]) -> tuple[Phrase, str]:
    """``and watched him quietly``, ``and lost her key``."""
    verb = word(random.choice(TRANSITIVE), "VERB")
    if random.random() < 0.5:
        found = [(verb, ""), (_pronoun(random.choice(rest), OBJECT), "obj")]
        found.append((word(random.choice(ADVERBS), "ADV"), "advmod"))
    else:
        found = [(verb, ""), (_owned(random, random.choice((who, *rest))), "obj")]
    return phrase((word("and", "CCONJ"), "cc"), *found), "conj"


def _because(random: Random, who: Entity, rest: Sequence[Entity]) -> tuple[Phrase, str]:
    """``because it was old``, ``when his friend left``."""
    link = (word(random.choice(("because", "when", "while")), "SCONJ"), "mark")
    one = random.choice((who, *rest))
    if random.random() < 0.5:
        was = "were" if one.subject == "they" else "was"
        state = (word(random.choice(ADJECTIVES), "ADJ"), "")
        return phrase(
            link, (_pronoun(one, SUBJECT), "nsubj"), (word(was, "AUX"), "cop"), state
        ), "advcl"
    verb = (word(random.choice(INTRANSITIVE), "VERB"), "")
    subject = _owned(random, one) if random.random() < 0.5 else _pronoun(one, SUBJECT)
    return phrase(link, (subject, "nsubj"), verb), "advcl"


def _owned(random: Random, owner: Entity) -> Phrase:
    kept = word(random.choice(KEPT), "NOUN")
    return phrase((_pronoun(owner, POSSESSIVE), "nmod:poss"), (kept, ""))


def _pronoun(one: Entity, case: int) -> Phrase:
    return (Leaf(one.pronouns[case], "PRON", -1, "", one.noun),)


def _named(random: Random, one: Entity, named: set[str]) -> Phrase:
    """The entity by its noun: ``a king`` perhaps at first, then ``the king``; or a name."""
    first = one.noun not in named
    named.add(one.noun)
    if one.noun[0].isupper():
        return (Leaf(one.noun, "PROPN", -1, "", one.noun),)
    plural = one.subject == "they"
    new = first and random.random() < 0.7
    words = [word(("some" if plural else "a") if new else "the", "DET")]
    if first and random.random() < 0.4:
        words.append(word(random.choice(ADJECTIVES), "ADJ"))
    noun: Phrase = (Leaf(one.noun, "NOUN", -1, "", one.noun, len(words)),)
    relations = ("det", "amod")
    return phrase(*zip(words, relations, strict=False), (noun, ""))


def _place(random: Random) -> Phrase:
    parts = [(word(random.choice(("the", "a")), "DET"), "det")]
    if random.random() < 0.3:
        parts.append((word(random.choice(ADJECTIVES), "ADJ"), "amod"))
    parts.append((word(random.choice(PLACES), "NOUN"), ""))
    if random.random() < 0.3:
        of = phrase((word("the", "DET"), "det"), (word(random.choice(TOWNS), "NOUN"), ""))
        parts.append((prepositional("of", of), "nmod"))
    return phrase(*parts)
