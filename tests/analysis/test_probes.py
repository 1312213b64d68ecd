"""Probing heads: accuracy, rules beside it, intervals, and when a head is called good."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.annotated import Node, Sentence
from attnviz.analysis.probes import Probe, probe, wilson
from attnviz.analysis.questions import Passage, Question
from attnviz.result import AttentionMap, AttentionResult, Head, Token


def test_the_interval_is_wilsons():
    # Wilson (1927): for 8 of 10 at z = 1.96, (0.8 + 0.19208 ± 1.96·√0.025604)/1.38416
    found = wilson(8, 10)
    assert found.share == 0.8
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)


@given(st.integers(0, 50), st.integers(0, 50))
def test_an_interval_holds_its_share_within_0_and_1(right, wrong):
    found = wilson(right, right + wrong)
    assert 0 <= found.low <= found.high <= 1
    assert right + wrong == 0 or found.low <= found.share <= found.high


def empty(heads=2):
    return Probe("r", (0,), tuple(range(heads)), np.zeros((1, heads), np.int64))


def test_a_head_answers_with_the_candidate_it_looks_at_most():
    one = empty()
    weights = np.zeros((1, 2, 3, 3), np.float32)
    weights[0, 0, 2] = [0.9, 0.3, 0.0]  # most on word 0, which is no candidate
    weights[0, 1, 2] = [0.1, 0.2, 0.7]
    one.add(Question("r", 2, (1, 2), frozenset({1}), {"rule": 2, "none": None}), weights)
    assert one.right.tolist() == [[1, 0]]
    assert one.best() == [Head(0, 0), Head(0, 1)]
    assert one.accuracy(Head(0, 0)).share == 1


def test_the_best_fixed_offset_is_a_baseline():
    one = empty()
    weights = np.zeros((1, 2, 9, 9), np.float32)
    for query, right in ((2, 1), (5, 4), (6, 4), (8, 1)):
        one.add(Question("r", query, (1, 4), frozenset({right}), {"rule": 4}), weights)
    assert one.baselines() == {"rule": 0.5, "any word": 0.5, "always -1": 0.5}


def test_a_head_is_good_only_where_its_interval_lies_above_every_rule():
    one = empty()
    one.n, one.right = 100, np.array([[70, 55]])
    one.rules["rule"] = 50
    one.offsets[-1] = 30
    assert one.above(Head(0, 0)) and not one.above(Head(0, 1))
    one.offsets[-1] = 65
    assert not one.above(Head(0, 0))


def test_few_examples_make_no_head_good():
    one = empty()
    one.n, one.right = 20, np.array([[20, 0]])
    assert not one.above(Head(0, 0))


class Looker:
    """A model of one layer whose head 0 looks one word back and whose head 1 two."""

    def attend_many(self, texts, *, truncate=False):
        for text in texts:
            units = tuple(
                Token(w, start=text.index(w), end=text.index(w) + len(w), word=i)
                for i, w in enumerate(text.split())
            )
            back = [np.eye(len(units), k=-k, dtype=np.float32) for k in (1, 2)]
            yield AttentionResult(
                units, {"encoder": AttentionMap(np.stack(back)[None])}, texts=(text,)
            )


def test_probing_counts_over_all_passages_and_relations():
    nodes = tuple(Node(form, "X", -1, "root", 2 * i, 2 * i + 1) for i, form in enumerate("abc"))
    passages = [Passage(Sentence("a b c", nodes))] * 3

    def ask(passage, words):
        assert [w.text for w in words] == ["a", "b", "c"]
        yield Question("back", 2, (0, 1), frozenset({1}))
        yield Question("far", 2, (0, 1), frozenset({0}))
        yield Question("no answer", 2, (0, 1), frozenset())
        yield Question("no choice", 2, (1,), frozenset({1}))

    found = probe(Looker(), iter(passages), ask)
    assert {name: (one.n, one.right.tolist()) for name, one in found.items()} == {
        "back": (3, [[3, 0]]),
        "far": (3, [[0, 3]]),
    }


def test_a_guess_is_a_rule_too_and_alone_where_a_place_is_asked_for():
    one, place = empty(), empty()
    weights = np.zeros((1, 2, 4, 4), np.float32)
    for candidates in ((0, 1, 2), (2, 3)):
        one.add(Question("r", 1, candidates, frozenset({2})), weights)
        place.add(Question("r", 1, candidates, frozenset({2}), fixed=True), weights)
    assert one.baselines() == {"any word": pytest.approx((1 / 3 + 1 / 2) / 2), "always +1": 1.0}
    assert place.baselines() == {"any word": pytest.approx((1 / 3 + 1 / 2) / 2)}
