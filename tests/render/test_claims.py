"""The sentence of a claim: sure, probable, between two words, nothing."""

from __future__ import annotations

import pytest

from attnviz.analysis.claims import Claim, Named
from attnviz.analysis.lenses import Record
from attnviz.render.claims import claim_text, title_of_claims
from attnviz.result import Head, Token


def claim(*probabilities, relation="coreference", words=("hat", "box"), nothing=0.1, **more):
    named = [
        Named(at, Token(word), p)
        for at, (word, p) in enumerate(zip(words, probabilities, strict=False))
    ]
    return Claim(relation, 9, Token("it"), tuple(named), nothing, **more)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (claim(0.93), "it refers to hat (.93)."),
        (claim(0.6), "it refers to hat (.60)."),
        (claim(0.59), "it probably refers to hat (.59)."),
        (claim(0.5, 0.43), "it refers to hat (.50) or box (.43)."),
        (claim(nothing=0.98), "it refers to no word before it (.98)."),
        (claim(0.9, relation="nsubj"), "subject of it: hat (.90)."),
        (claim(0.55, relation="obj"), "object of it: probably hat (.55)."),
        (claim(nothing=0.7, relation="obj"), "object of it: none (.70)."),
        (claim(0.9, relation="advcl"), "advcl of it: hat (.90)."),
    ],
)
def test_a_claim_is_one_sentence(given, said):
    assert claim_text(given) == said


def test_the_heads_that_carry_it_and_its_record_are_said_with_it():
    heads = ((Head(3, 1), 2.0), (Head(3, 0), 0.7), (Head(2, 2), 0.5))
    found = claim_text(claim(0.93, heads=heads, record=Record(0.9, 73, 80)))
    assert found == (
        "it refers to hat (.93), by heads 3.1, 3.0 and 2.2; "
        "91% of 80 such answers are right in annotated text."
    )
    assert claim_text(claim(0.93, heads=heads[:1])).endswith("by head 3.1.")


def test_a_record_of_few_answers_is_not_said():
    assert "annotated" not in claim_text(claim(0.93, record=Record(0.9, 5, 5)))


def test_words_of_the_text_do_not_act():
    found = claim_text(claim(0.9, words=("\x1b[31mhat",)))
    assert "\x1b" not in found and "hat" in found


def test_a_title_says_the_answers_alone():
    heads = ((Head(3, 1), 2.0),)
    both = [claim(0.9, heads=heads, relation="nsubj"), claim(nothing=0.8, relation="obj")]
    assert title_of_claims(both) == "subject of it: hat (.90); object of it: none (.80)"


def test_repeated_words_are_told_apart_as_everywhere():
    named = Named(2, Token("it"), 0.7, 2)
    said = Claim("coreference", 9, Token("It"), (named,), 0.1, occurrence=3)
    assert claim_text(said) == "It:3 refers to it:2 (.70)."
