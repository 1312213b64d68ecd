"""Training a lens: examples from annotation, documents held back, and an honest score."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from attnviz.analysis.annotated import Sentence
from attnviz.analysis.grammar import clauses
from attnviz.analysis.templates import discourses
from attnviz.analysis.training import Answered, score, train, windowed
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, Token
from tests.analysis.lenses import lens


class Solver:
    """A model whose head 0 looks from some words at others, as it is told for a text."""

    def __init__(self, links):
        self.links = links

    def encode(self, text, *, truncate=False):
        return SimpleNamespace(tokens=text.split())

    def attend_many(self, texts, *, truncate=False):
        for text in texts:
            units, at = [], 0
            for i, word in enumerate(re.findall(r"\w+|[.,?]", text)):
                start = text.index(word, at)
                at = start + len(word)
                units.append(Token(word, start=start, end=at, word=i))
            weights = np.full((1, 2, len(units), len(units)), 0.01, np.float32)
            for query, key in self.links.get(text, ()):
                weights[0, 0, query, key] = 0.9
            yield AttentionResult(tuple(units), {"encoder": AttentionMap(weights)}, texts=(text,))


def subjects(sentence: Sentence):
    return [(n.head, i) for i, n in enumerate(sentence.nodes) if n.relation[:5] == "nsubj"]


def test_a_lens_learns_a_relation_that_a_head_knows():
    documents = [[sentence] for sentence in clauses(120)]
    model = Solver({s.text: subjects(s) for [s] in documents})
    found, held = train(model, "nsubj", documents)
    assert found.relation == "nsubj"
    assert found.on[0, 0] > 10 * abs(found.on[0, 1])
    assert held.accuracy.share > 0.95 and held.joint.share > 0.95
    assert held.calibration < 0.05


def test_a_lens_for_pronouns_learns_from_windows_of_text():
    texts = list(discourses(60))
    documents = [[text] for text in texts]
    model = Solver({})
    found, held = train(model, "coreference", documents)
    assert found.relation == "coreference"
    assert 0 < held.accuracy.share < 1  # nothing but places to learn from


def test_few_documents_cannot_be_split():
    with pytest.raises(InputError, match="at least 10 documents and here are 3"):
        train(Solver({}), "nsubj", [[s] for s in clauses(3)])


def test_windows_have_two_hundred_tokens_at_most():
    long = Sentence("word " * 150 + "end", ())
    text = next(discourses(1))
    passages = list(windowed(Solver({}), [[long, text]], 2))
    assert [one.sentence.text for one in passages] == [long.text + " " + text.text]
    passages = list(windowed(Solver({}), [[long, long, text]], 2))
    assert [one.sentence.text for one in passages] == [long.text + " " + text.text]


def answered(right=True, share=0.5, nothing=False, exists=True, nouns=False):
    return Answered(right, right, share, 0.9, nothing, exists, nouns)


def test_a_score_counts_by_what_there_is_to_find():
    found = score(lens(), [
        answered(), answered(right=False, nouns=True), answered(nothing=True),
        answered(right=False, exists=False, nothing=True), answered(right=False, exists=False),
    ])  # fmt: skip
    assert found.accuracy.share == pytest.approx(2 / 3)
    assert found.nouns.share == 0
    assert found.joint.share == pytest.approx(2 / 5)


def test_calibration_is_the_gap_between_probability_and_truth():
    # probability 0.5 in one bin: 3 of 4 right; what is answered by nothing is left out
    found = score(
        lens(), [answered(), answered(), answered(), answered(right=False), answered(nothing=True)]
    )
    assert found.calibration == pytest.approx(0.25)
