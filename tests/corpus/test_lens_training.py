"""Training a lens: examples from annotation, documents held back, and an honest score."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from attnviz.analysis.annotated import Sentence
from attnviz.analysis.grammar import clauses
from attnviz.analysis.templates import discourses
from attnviz.corpus import here, lens_training
from attnviz.corpus.lens_training import FOLDS, train, try_lens, windowed
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, Token


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """However slow it is: others cannot read a made-up model."""
    monkeypatch.setattr(here, "room_for_processes", lambda: False)


class Solver:
    """A model whose head 0 looks from some words at others, as it is told for a text."""

    def __init__(self, links):
        self.links = links

    def encode(self, text, *, truncate=False):
        return SimpleNamespace(tokens=text.split(), text=text)

    read = encode

    def note_lengths(self, given):
        """No text is too long."""

    def attend_pack(self, given):
        for text in (one.text for one in given):
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
    again = try_lens(model, found, documents)
    assert sum(one.right for one in again if one.exists) > 0.95 * held.accuracy.share * 120


def test_each_document_is_answered_by_a_lens_that_has_not_seen_it(monkeypatch):
    texts = iter({one.text: one for one in clauses(60)}.values())
    documents = [[next(texts) for _ in range(at % FOLDS + 1)] for at in range(2 * FOLDS)]
    part = {one.text: at % FOLDS for at, document in enumerate(documents) for one in document}
    learnt, real = [0] * FOLDS, lens_training.examples

    def counted(relation, passage, result):
        found = list(real(relation, passage, result))
        learnt[part[passage.sentence.text]] += len(found)
        return found

    monkeypatch.setattr(lens_training, "examples", counted)
    monkeypatch.setattr(lens_training, "fitted", lambda _, given, __: len(given))
    monkeypatch.setattr(lens_training, "answers", lambda lens, one, _: [(lens, one.sentence.text)])
    monkeypatch.setattr(lens_training, "calibrated", lambda lens, _: lens)
    monkeypatch.setattr(lens_training, "score", lambda _, found: found)
    lens, found = train(Solver({}), "nsubj", documents)
    assert len(set(learnt)) == FOLDS and lens == sum(learnt)
    assert len(found) == len(part)
    assert all(answering == lens - learnt[part[text]] for answering, text in found)


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


def test_what_is_missing_is_said_before_anything_is_computed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy.optimize", None)
    with pytest.raises(InputError, match=r"pip install 'attnviz\[fit\]'"):
        train(None, "nsubj", [[s] for s in clauses(20)])
