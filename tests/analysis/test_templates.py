"""Sentences made by rule: grammatical, annotated without error, the same for the same seed."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial

import pytest

from attnviz.analysis.grammar import clauses
from attnviz.analysis.questions import PRONOUNS
from attnviz.analysis.templates import discourses
from attnviz.analysis.vocabulary import MEN, PEOPLE, WOMEN

CLAUSES = list(clauses(200))
DISCOURSES = [*discourses(200), *discourses(100, neutral=1.0)]


@pytest.mark.parametrize("made", [CLAUSES, DISCOURSES], ids=["clauses", "discourses"])
def test_nodes_stand_where_they_say_and_make_up_the_text(made):
    for sentence in made:
        forms = [sentence.text[n.start : n.end] for n in sentence.nodes]
        assert forms == [n.form for n in sentence.nodes]
        assert re.sub(r" (?=[.,?])", "", " ".join(forms)) == sentence.text


def test_every_clause_is_one_tree():
    for sentence in CLAUSES:
        heads = [node.head for node in sentence.nodes]
        assert heads.count(-1) == 1
        for at in range(len(heads)):
            seen = set()
            while at >= 0:
                assert at not in seen
                seen.add(at)
                at = heads[at]


def test_relations_hold_between_the_right_parts_of_speech():
    kinds = {"det": "DET", "case": "ADP", "amod": "ADJ", "aux": "AUX"}
    seen = Counter()
    for sentence in CLAUSES:
        for node in sentence.nodes:
            seen[node.relation] += 1
            assert node.upos == kinds.get(node.relation, node.upos)
            if node.relation in ("nsubj:pass", "obj", "aux"):
                assert sentence.nodes[node.head].upos == "VERB"
            if node.relation == "cop":
                assert sentence.nodes[node.head].upos in ("ADJ", "NOUN")
    assert min(seen[r] for r in ("nsubj", "obj", "det", "amod", "case", "aux")) >= 80


def test_an_object_is_no_subject_pronoun():
    for sentence in CLAUSES:
        for node in sentence.nodes:
            assert not (node.relation == "obj" and node.form in ("I", "he", "she", "we", "they"))


def test_be_agrees_with_its_subject():
    one, more = ("is", "was"), ("are", "were")
    forms = {"i": ("am", "was"), "he": one, "she": one, "it": one}
    forms |= {"you": more, "they": more, "we": more}
    seen = 0
    for sentence in CLAUSES:
        subjects = {n.head: n.form.lower() for n in sentence.nodes if n.relation[:5] == "nsubj"}
        for node in sentence.nodes:
            if node.relation in ("cop", "aux:pass") and subjects[node.head] in forms:
                assert node.form in forms[subjects[node.head]]
                seen += 1
    assert seen >= 20


def test_subjects_stand_at_many_distances_from_what_is_said_of_them():
    """As in text, where about a third are beside their verb and one in ten is five words away."""
    far = Counter(
        min(node.head - at, 5)
        for sentence in CLAUSES
        for at, node in enumerate(sentence.nodes)
        if node.relation.startswith("nsubj")
    )
    assert all(far[distance] / far.total() > 0.03 for distance in range(1, 6))
    assert far[1] / far.total() < 0.6


def test_every_pronoun_of_a_discourse_has_one_possible_antecedent():
    for text in DISCOURSES:
        families: dict[str, set[str]] = {}
        for mention in text.mentions:
            form = text.nodes[mention.head].form.lower()
            if form in PRONOUNS:
                families.setdefault(PRONOUNS[form], set()).add(mention.chain)
        assert all(len(chains) == 1 for chains in families.values())


def test_a_pronoun_comes_after_the_noun_it_stands_for():
    for text in DISCOURSES:
        named: set[str] = set()
        for mention in sorted(text.mentions, key=lambda m: m.head):
            form = text.nodes[mention.head].form
            assert form.lower() not in PRONOUNS or mention.chain in named
            named.add(mention.chain)


def test_a_person_may_be_the_only_one_whose_noun_says_nothing_of_he_or_she():
    made = list(discourses(100, neutral=1.0))
    for text in made:
        people = {m.chain for m in text.mentions} & {*MEN, *WOMEN, *PEOPLE}
        assert len(people) == 1 and people <= {*PEOPLE}
    families = {PRONOUNS.get(n.form.lower()) for text in made for n in text.nodes}
    assert {"he", "she", "it", "they"} <= families


def test_discourses_repeat_two_or_three_entities_in_three_sentences():
    for text in DISCOURSES:
        assert text.text.count(".") == 3
        assert 2 <= len({m.chain for m in text.mentions}) <= 3
    assert sum(len(t.mentions) for t in DISCOURSES) > 5 * len(DISCOURSES)


def test_some_sentences_may_begin_with_an_it_that_refers_to_nothing():
    assert not any(n.relation == "expl" for text in DISCOURSES for n in text.nodes)
    for text in discourses(50, expletives=0.5):
        mentioned = {mention.head for mention in text.mentions}
        empty = [i for i, n in enumerate(text.nodes) if n.relation == "expl"]
        assert all(text.nodes[i].form == "It" for i in empty)
        assert not mentioned & set(empty)
    assert any(n.relation == "expl" for text in discourses(50, expletives=0.5) for n in text.nodes)


@pytest.mark.parametrize("make", [clauses, discourses, partial(discourses, neutral=0.5)])
def test_a_seed_makes_the_same_sentences_again(make):
    assert list(make(20, seed=3)) == list(make(20, seed=3))
    assert list(make(20, seed=3)) != list(make(20, seed=4))
    assert list(make(20, seed=3)) == list(make(40, seed=3))[:20]
