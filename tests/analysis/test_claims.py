"""What lenses say of words: which are asked, how many words are named, which heads carry it."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.claims import SHORT, all_claims, claims_about, pronoun_claims
from attnviz.analysis.lenses import NOTHING, Record
from attnviz.result import AttentionMap, AttentionResult, Head, Token
from tests.analysis.lenses import lens, looking, units


class Lenses:
    """Lenses by their relations."""

    def __init__(self, *lenses):
        self.of = {one.relation: one for one in lenses}

    def lens(self, relation):
        return self.of.get(relation)


def result_of(text, **links):
    words = units(text)
    return AttentionResult(words, {"encoder": AttentionMap(looking(len(words), **links))})


def named(claim):
    return [one.word.text for one in claim.named]


def test_a_pronoun_refers_to_what_the_lens_names():
    [it] = pronoun_claims(result_of("the hat liked it", q4={2: 0.9}), Lenses(lens()))
    assert (it.relation, it.word.text, it.position) == ("coreference", "it", 4)
    assert named(it) == ["hat"] and it.named[0].position == 2
    assert it.probability == it.named[0].probability > 0.9


def test_where_none_is_named_the_probability_is_that_of_nothing():
    [it] = pronoun_claims(result_of("hat it rains", q2={1: 0.5}), Lenses(lens(none=0.0)))
    assert it.named == () and it.heads == ()
    assert it.probability == it.nothing > 0.5


def test_of_a_word_that_is_no_pronoun_subject_and_object_are_asked():
    result = result_of("Anna saw hats", q2={1: 0.9, 3: 0.01})
    nsubj, obj = claims_about(result, Lenses(lens("nsubj"), lens("obj", none=5.0)), 2)
    assert (nsubj.relation, named(nsubj)) == ("nsubj", ["Anna"])
    assert (obj.relation, named(obj)) == ("obj", [])


def test_two_words_are_named_where_they_are_near():
    result = result_of("trophy suitcase it", q3={1: 0.4, 2: 0.3})
    assert named(pronoun_claims(result, Lenses(lens()))[0]) == ["trophy", "suitcase"]


def test_the_heads_that_carry_an_answer_come_with_what_they_add():
    weights = looking(5, q3={1: 0.5})
    weights[0, 1, 3] = [0, 0.2, 0.2, 0, 0]
    result = AttentionResult(units("hat red it"), {"encoder": AttentionMap(weights)})
    both = lens(on=1.0)
    both.on[0, 1] = 0.5  # which gives both words as much, so that it carries nothing
    [it] = pronoun_claims(result, Lenses(both))
    [(head, adds)] = it.heads
    assert head == Head(0, 0)
    assert adds == pytest.approx((np.log(0.51) - np.log(0.01)) / 2, rel=1e-4)


def test_records_are_those_of_the_probability():
    read = lens(records=(Record(0.0, 1, 9), Record(0.9, 8, 9)), none_records=(Record(0.5, 3, 4),))
    sure = pronoun_claims(result_of("hat red it", q3={1: 0.99}), Lenses(read))[0]
    assert sure.record == Record(0.9, 8, 9)
    unsure = pronoun_claims(result_of("hat red it", q3={1: 0.02}), Lenses(read))[0]
    assert unsure.record == Record(0.0, 1, 9)
    none = pronoun_claims(result_of("it"), Lenses(read))[0]
    assert none.record == Record(0.5, 3, 4)


def test_without_a_lens_that_fits_nothing_is_said():
    result = result_of("hat it", q2={1: 0.9})
    assert pronoun_claims(result, Lenses()) == claims_about(result, Lenses(), 2) == []
    larger = lens(nothing=np.zeros((len(NOTHING), 2, 2)))
    object.__setattr__(larger, "on", np.zeros((2, 2)))
    assert pronoun_claims(result, Lenses(larger)) == []


def test_no_lens_is_read_for_a_text_without_pronouns():
    class Unread:
        def lens(self, relation):
            pytest.fail("read")

    assert pronoun_claims(result_of("hat red"), Unread()) == []


def test_of_long_texts_only_what_is_asked_is_said():
    text = " ".join(["word"] * SHORT) + " it"
    result, lenses = result_of(text), Lenses(lens(), lens("nsubj"))
    assert pronoun_claims(result, lenses) == all_claims(result, lenses) == []
    assert len(claims_about(result, lenses, SHORT + 1)) == 1


def test_all_claims_come_in_the_order_of_the_text_and_leave_out_what_is_not_there():
    result = result_of("Anna saw it", q2={1: 0.9}, q3={1: 0.9})
    found = all_claims(result, Lenses(lens(), lens("nsubj", none=-1.0)))
    assert [(one.relation, one.word.text, named(one)) for one in found] == [
        ("nsubj", "saw", ["Anna"]),
        ("coreference", "it", ["Anna"]),
    ]


def test_tokens_are_read_as_words():
    tokens = (*(Token(t, word=w) for t, w in (("ha", 0), ("t", 0), ("it", 1))),)
    weights = looking(3, q2={0: 0.45, 1: 0.45})
    [it] = pronoun_claims(
        AttentionResult(tokens, {"encoder": AttentionMap(weights)}), Lenses(lens())
    )
    assert (it.position, it.named[0].position, it.named[0].word.text) == (1, 0, "hat")


def test_a_part_of_a_text_has_no_claims():
    whole = result_of("the hat liked it", q4={2: 0.9})
    part = whole.maps["encoder"].select(keys=[1, 2, 3, 4])
    assert pronoun_claims(AttentionResult(whole.tokens, {"encoder": part}), Lenses(lens())) == []
