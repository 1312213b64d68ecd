"""What annotation asks: pronouns and their antecedents, heads and their dependents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnviz.analysis.annotated import Mention, Node, Sentence
from attnviz.analysis.questions import (
    Passage,
    antecedents,
    dependencies,
    dependents,
    places,
    pronoun,
    windows,
)
from attnviz.result import Token


def annotated(*rows, mentions=(), document=""):
    """A sentence from (form, upos, head, relation) rows, a space between words."""
    text, nodes = "", []
    for form, upos, head, relation in rows:
        text += " " if text else ""
        nodes.append(Node(form, upos, head, relation, len(text), len(text) + len(form)))
        text += form
    return Sentence(text, tuple(nodes), tuple(Mention(c, h, h, h) for c, h in mentions), document)


def as_words(sentence):
    """The product's words, where they are those of the treebank, between special tokens."""
    inner = [Token(n.form, start=n.start, end=n.end, word=i) for i, n in enumerate(sentence.nodes)]
    return [Token("[CLS]", special=True), *inner, Token("[SEP]", special=True)]


HAT = annotated(
    ("He", "PRON", 1, "nsubj"),
    ("took", "VERB", -1, "root"),
    ("the", "DET", 3, "det"),
    ("hat", "NOUN", 1, "obj"),
    (",", "PUNCT", 5, "punct"),
    ("liked", "VERB", 1, "conj"),
    ("it", "PRON", 5, "obj"),
    mentions=[("h", 3), ("h", 6)],
)


def test_a_pronoun_asks_for_the_mentions_of_its_chain_before_it():
    he, it = antecedents(Passage(HAT), as_words(HAT))
    assert (he.query, he.right) == (1, frozenset())
    assert (it.query, it.right) == (7, {4})
    assert it.candidates == (1, 2, 3, 4, 6)  # no comma, nothing special, nothing after it
    assert it.relation == "noun antecedent"


def test_with_a_pronoun_among_the_right_answers_it_is_the_easier_question():
    text = annotated(
        ("hat", "NOUN", -1, "root"), ("it", "PRON", 0, "dep"), ("its", "PRON", 0, "dep"),
        mentions=[("h", 0), ("h", 1), ("h", 2)],
    )  # fmt: skip
    first, second = antecedents(Passage(text), as_words(text))
    assert (first.relation, second.relation) == ("noun antecedent", "antecedent")
    assert second.right == {1, 2}


def test_simple_rules_answer_too():
    text = annotated(
        ("it", "PRON", 1, "nsubj"), ("fell", "VERB", -1, "root"), ("today", "NOUN", 1, "obl"),
        ("she", "PRON", 1, "dep"), ("kept", "VERB", 1, "dep"), ("it", "PRON", 4, "obj"),
    )  # fmt: skip
    *_, last = antecedents(Passage(text), as_words(text))
    assert last.rules == {
        "nearest noun": 3,
        "nearest noun or pronoun": 4,
        "same pronoun, else nearest noun": 1,
    }
    first, *_ = antecedents(Passage(text), as_words(text))
    assert set(first.rules.values()) == {None}


def test_pronouns_of_the_context_are_not_asked():
    asked = list(antecedents(Passage(HAT, first=1), as_words(HAT)))
    assert [q.query for q in asked] == [7]


@pytest.mark.parametrize(
    ("word", "found"),
    [("it", "it"), ("It’s", "it"), ("they'll", "they"), ("item", None), ("I", None)],
)
def test_a_pronoun_may_be_written_as_one_with_what_follows(word, found):
    assert pronoun(word) == found


def test_windows_hold_what_stands_before():
    other = annotated(("Rain", "NOUN", -1, "root"), document="d")
    passages = list(windows([other, other, HAT, other], before=1))
    assert [p.sentence.text for p in passages] == ["Rain He took the hat , liked it"]
    assert passages[0].first == 1


def test_windows_are_shortened_from_the_front_until_they_fit():
    other = annotated(("Rain", "NOUN", -1, "root"))
    [passage] = windows([other, other, HAT], before=2, fits=lambda text: text.count("Rain") < 2)
    assert passage.sentence.text.count("Rain") == 1 and passage.first == 1


def test_dependencies_are_asked_both_ways():
    asked = {(q.relation, q.query): q.right for q in dependencies(Passage(HAT), as_words(HAT))}
    assert asked == {
        ("nsubj → head", 1): {2},
        ("det → head", 3): {4},
        ("obj → head", 4): {2},
        ("conj → head", 6): {2},
        ("obj → head", 7): {6},
        ("head → nsubj", 2): {1},
        ("head → det", 4): {3},
        ("head → obj", 2): {4},
        ("head → conj", 2): {6},
        ("head → obj", 6): {7},
    }


def test_any_dependent_of_the_relation_is_right_and_subtypes_are_their_relation():
    text = annotated(
        ("big", "ADJ", 2, "amod"), ("red", "ADJ", 2, "amod:x"), ("hat", "NOUN", -1, "root")
    )
    asked = {q.relation: q for q in dependencies(Passage(text), as_words(text))}
    assert asked["head → amod"].right == {1, 2}
    assert asked["head → amod"].candidates == (1, 2)


def test_what_is_written_as_one_word_is_no_dependency():
    text = annotated(("it", "PRON", 1, "nsubj"), ("is", "AUX", -1, "root"))
    glued = [Token("it is", start=0, end=5, word=0)]
    assert list(dependencies(Passage(text), glued)) == []


def test_every_word_is_asked_for_its_dependents_of_one_relation():
    asked = {q.query: q.right for q in dependents(Passage(HAT), as_words(HAT), "obj")}
    assert asked == {1: set(), 2: {4}, 3: set(), 4: set(), 6: {7}, 7: set()}


def test_a_subject_is_that_of_every_verb_that_shares_it():
    text = annotated(
        ("he", "PRON", 1, "nsubj"), ("came", "VERB", -1, "root"),
        ("and", "CCONJ", 3, "cc"), ("left", "VERB", 1, "conj"),
    )  # fmt: skip
    nodes = (text.nodes[0]._replace(shared=((3, "nsubj"),)), *text.nodes[1:])
    shared = Passage(replace(text, nodes=nodes))
    asked = {q.query: q.right for q in dependents(shared, as_words(text), "nsubj")}
    assert asked == {1: set(), 2: {1}, 3: set(), 4: {1}}
    assert not any(q.right for q in dependents(shared, as_words(text), "obj"))
    heads = {q.query: q.right for q in dependencies(shared, as_words(text)) if "→ h" in q.relation}
    assert heads[1] == {2}  # which basic trees alone say, as Clark et al. ask them


def test_every_word_is_asked_for_its_head():
    asked = {q.query: q.right for q in dependents(Passage(HAT), as_words(HAT), "head")}
    assert asked == {1: {2}, 2: set(), 3: {4}, 4: {2}, 6: {2}, 7: {6}}


def test_any_text_shows_neighbours_and_words_said_again():
    inner = map(Token, ("The", "cat", "saw", "the"))
    words = [Token("[CLS]", special=True), *inner, Token("[SEP]", special=True)]
    asked = {(one.relation, one.query): one for one in places(Passage(HAT), words)}
    assert asked["previous word", 1].right == frozenset()  # nothing stands before it
    assert asked["previous word", 2].right == {1} and asked["next word", 2].right == {3}
    assert asked["next word", 4].right == frozenset()
    assert asked["same word", 1].right == {4} and asked["same word", 2].right == frozenset()
    assert all(set(one.candidates) == {1, 2, 3, 4} - {one.query} for one in asked.values())
    assert asked["next word", 2].fixed and not asked["same word", 1].fixed
