"""The words that sentences made by rule are made of."""

from __future__ import annotations

SUBJECT, OBJECT, POSSESSIVE, REFLEXIVE = range(4)
HE, SHE = ("he", "him", "his", "himself"), ("she", "her", "her", "herself")
IT, THEY = ("it", "it", "its", "itself"), ("they", "them", "their", "themselves")

MEN = ("Peter", "John", "David", "king", "man", "boy", "father", "son", "brother", "farmer")
WOMEN = ("Mary", "Anna", "Sarah", "queen", "woman", "girl", "mother", "daughter", "sister", "nurse")
PEOPLE = (
    *("teacher", "doctor", "student", "writer", "lawyer", "driver", "neighbor", "artist", "singer"),
    *("visitor", "captain", "judge", "patient", "manager", "player", "author", "scientist"),
    *("Smith", "Brown", "Miller", "Taylor", "Jordan", "Morgan", "Parker", "Kelly", "Lee", "Davis"),
)
"""Persons whose nouns do not say which pronoun is theirs."""

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
TOWNS = ("city", "school", "castle", "company", "family", "hospital", "church")
ADJECTIVES = ("big", "new", "small", "large", "red", "good", "strange", "heavy", "quiet", "young")
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
WEATHER = ("raining", "snowing", "freezing", "pouring")
JUDGED = ("hard", "easy", "important", "good", "strange", "possible", "clear")
BASE = ("take", "see", "find", "like", "watch", "carry", "want", "lose", "move", "need")
TO_ONESELF = ("saw", "helped", "washed", "hurt", "liked", "moved")
ADVERBS = ("carefully", "quietly", "again", "yesterday", "there", "slowly")
KEPT = ("friend", "house", "picture", "name", "coat", "room", "money")

IS, WAS = ("am", "is", "are"), ("was", "was", "were")
SUBJECTS = (
    *[("I", 0)] * 6,
    *[("you", 2)] * 3,
    *[("they", 2)] * 2,
    *[("we", 2)] * 2,
    *[("he", 1)] * 2,
    *[("it", 1)] * 2,
    ("she", 1),
    ("this", 1),
    ("that", 1),
)
"""Pronouns that are subjects, as often as in text, each with its form of *be*."""

OBJECTS = ("me", "you", "him", "her", "it", "it", "them", "us", "this", "that")
OWNERS = ("my", "my", "your", "his", "her", "our", "their", "its")
NAMES = ("Peter", "Mary", "Anna", "David", "Sarah", "John", "London", "Paris")
ARTICLES = ("the", "the", "the", "a", "a", "this", "every")
PLURAL_ARTICLES = ("the", "the", "the", "some", "these", "all")
SINGULARS = (*(noun for noun in (*MEN, *WOMEN, *THINGS) if noun.islower()), *PLACES, *TOWNS)
PLURALS = (*GROUPS, "people", "cars", "books", "houses", "friends")
COMPOUNDS = ("school", "city", "kitchen", "paper", "garden", "family")
BASE_ALONE = ("sleep", "wait", "laugh", "leave", "smile", "work", "arrive", "stay")
PARTICIPLES = ("taken", "seen", "found", "liked", "watched", "carried", "lost", "moved", "called")
TIMES = ("yesterday", "today", "now", "then", "often", "here", "there")
