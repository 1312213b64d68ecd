"""A lens: a softmax over candidates and nothing, from the log weights of all heads."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.fitting import Example, fit, platt
from attnviz.analysis.lens_file import dump_lens, parse_lens
from attnviz.analysis.lenses import FLOOR, NOTHING, evidence
from attnviz.errors import DocumentError, InputError
from attnviz.result import Token
from tests.analysis.lenses import lens, looking, units

WORDS = units("the hat of it")  # 0 [CLS], 1 the, 2 hat, 3 of, 4 it, 5 [SEP]


def test_evidence_is_log_weights_both_ways_and_where_candidates_stand():
    weights = looking(6, q4={1: 0.2, 2: 0.4, 0: 0.1, 5: 0.05, 4: 0.25}, q2={4: 0.3})
    seen = evidence(weights, 4, [1, 2, 5], WORDS)
    log = lambda w: pytest.approx(math.log(w + FLOOR), abs=1e-5)  # noqa: E731
    assert seen.candidates[1, 0] == log(0.4)  # from it on hat, head 0.0
    assert seen.candidates[1, 2] == log(0.3)  # from hat on it, head 0.0
    assert seen.candidates[0, 2] == log(0.0)
    assert seen.candidates[:, 4:].tolist() == [
        pytest.approx([math.log(3), 0, 0]),
        pytest.approx([math.log(2), 0, 0]),
        pytest.approx([0, 1, 0]),
    ]


def test_whether_there_is_anything_is_read_from_what_kind_of_word_it_is():
    links = {"q4": {0: 0.1, 5: 0.05, 4: 0.25, 3: 0.3}, "q0": {4: 0.7}, "q5": {4: 0.9}}
    seen = evidence(looking(6, **links), 4, [1, 2], WORDS)
    first, second = seen.nothing.reshape(len(NOTHING), 2).T
    weights = [0.1 + 0.05, 0.25, 0.7, 0.9, 0.3, 0.05]
    assert first == pytest.approx([math.log(w + FLOOR) for w in weights], abs=1e-5)
    assert second == pytest.approx(math.log(FLOOR), abs=1e-5)


def test_at_an_edge_and_without_special_tokens_there_is_no_weight_to_read():
    bare = [Token(w, word=i) for i, w in enumerate(("he", "ran"))]
    weights = looking(2, q0={0: 0.4, 1: 0.6}, q1={0: 1.0})
    seen = evidence(weights, 0, [1], bare).nothing.reshape(len(NOTHING), 2)
    assert seen[:, 0] == pytest.approx([math.log(w + FLOOR) for w in (0, 0.4, 0, 0, 0, 0.6)])


def test_shares_are_a_softmax_over_candidates_and_nothing():
    weights = looking(6, q4={1: 0.2, 2: 0.4})
    found = lens(none=0.0).read(weights, 4, [1, 2], WORDS)
    # exp(log w) = w + floor, exp(0) = 1 for nothing
    total = 0.2 + 0.4 + 2 * FLOOR + 1
    assert found.shares == pytest.approx([(0.2 + FLOOR) / total, (0.4 + FLOOR) / total], rel=1e-5)
    assert found.nothing == pytest.approx(1 / total, rel=1e-5)
    assert found.best == 2


def test_the_heads_that_carry_an_answer_are_those_that_raise_its_score():
    weights = looking(6, q4={1: 0.2, 2: 0.4})
    found = lens().read(weights, 4, [1, 2], WORDS)
    logs = [math.log(0.2 + FLOOR), math.log(0.4 + FLOOR)]
    assert found.carried[0, 0] == pytest.approx(logs[1] - sum(logs) / 2, rel=1e-5)
    assert found.carried[0, 1] == 0


def test_without_candidates_there_is_nothing():
    found = lens().read(looking(6), 4, [], WORDS)
    assert (found.nothing, found.best) == (1.0, None)


def test_a_lens_reads_only_its_own_model():
    with pytest.raises(InputError, match="reads 1 layers of 2 heads and this map has 3 of 2"):
        lens().read(np.zeros((3, 2, 6, 6), np.float32), 4, [1], WORDS)


@given(st.integers(0, 2**32 - 1))
def test_shares_sum_to_1_whatever_the_factors(seed):
    random = np.random.default_rng(seed)
    nothing = random.normal(0, 50, (len(NOTHING), 1, 2))
    one = lens(*random.normal(0, 50, 4), none=random.normal(0, 50), nothing=nothing)
    found = one.read(random.random((1, 2, 6, 6), np.float32), 4, [1, 2, 3], WORDS)
    assert found.shares.sum() + found.nothing == pytest.approx(1)


def test_probability_is_platts_curve():
    one = lens(slope=0.5, shift=0.25)
    assert one.probability(0.5) == pytest.approx(1 / (1 + math.exp(-0.25)))
    assert one.probability(0.9) == pytest.approx(1 / (1 + math.exp(-0.25 - 0.5 * math.log(9))))
    assert 0 < one.probability(0.0) < one.probability(1.0) < 1


def test_a_lens_survives_its_file():
    given = lens(on=0.123456, slope=0.6, about={"data": "GUM"})
    read = parse_lens(dump_lens(given))
    assert read.on[0, 0] == 0.1235
    assert (read.relation, read.slope, read.about) == ("coreference", 0.6, {"data": "GUM"})
    assert dump_lens(read) == dump_lens(given)


def broken(**changes):
    return json.dumps(json.loads(dump_lens(lens())) | changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no attnviz-lens/1 document"),
        (broken(format="attnviz/1"), "no attnviz-lens/1 document"),
        (broken(on=[1, 2]), "'on' in this lens is not numbers on 2 axes"),
        (broken(on=[["x"]]), "'on' in this lens"),
        (broken(back=[[1e999]]), "'back' in this lens"),
        (broken(on=[[1]]), "do not fit together"),
        (broken(nothing=[[[0, 0]]]), "do not fit together"),
        (broken(place=[1]), "do not fit together"),
        (broken(none=None), "'none' in this lens"),
        (broken(relation=3), "for which relation"),
    ],
)
def test_a_file_that_is_no_lens_is_refused(text, said):
    with pytest.raises(DocumentError, match=said):
        parse_lens(text)


def examples(n, seed=0):
    """Words of which the one that head 0 looks at is right; where it looks at none, nothing is."""
    random = np.random.default_rng(seed)
    for number in range(n):
        weights = random.dirichlet(np.ones(6), (1, 2, 6)).astype(np.float32)
        right = np.zeros(3, bool)
        if number % 3:
            at = random.integers(3)
            weights[0, 0, 4, 1 + at] += 1
            right[at] = True
        else:
            weights[0, 0, 4, 0] += 1
        yield weights, Example(evidence(weights, 4, [1, 2, 3], WORDS), right)


def test_a_fitted_lens_finds_what_the_examples_show():
    found = fit("r", [one for _, one in examples(200)], (1, 2), l2=1.0, l2_nothing=1.0)
    read = [(found.read(w, 4, [1, 2, 3], WORDS), e.right) for w, e in examples(100, seed=1)]
    hits = [r.nothing > 0.5 if not right.any() else right[r.shares.argmax()] for r, right in read]
    assert np.mean(hits) > 0.95
    assert found.on[0, 0] > abs(found.on[0, 1])


def test_of_what_says_nothing_some_may_be_left_unread():
    some = [one for _, one in examples(100)]
    found = fit("r", some, (1, 2), kinds=2)
    assert found.nothing.shape == (len(NOTHING), 1, 2)
    assert np.any(found.nothing[:2]) and not np.any(found.nothing[2:])
    assert np.all(fit("r", some, (1, 2)).nothing[2])


def test_fitting_is_of_at_least_one_example():
    nothing = [one for _, one in examples(30) if not one.right.any()]
    for few in ([], nothing):
        with pytest.raises(InputError, match="no example of r"):
            fit("r", few, (1, 2))


def test_without_scipy_fitting_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy.optimize", None)
    with pytest.raises(InputError, match=r"pip install 'attnviz\[fit\]'"):
        fit("r", [], (1, 2))


def test_platts_curve_is_how_often_shares_are_right():
    random = np.random.default_rng(0)
    shares = random.uniform(0.05, 0.95, 4000)
    logits = np.log(shares / (1 - shares))
    right = random.random(4000) < 1 / (1 + np.exp(-(0.5 * logits + 0.3)))
    slope, shift = platt(shares.tolist(), right.tolist())
    assert slope == pytest.approx(0.5, abs=0.1) and shift == pytest.approx(0.3, abs=0.1)
    calibrated = replace(lens(), slope=slope, shift=shift)
    mean = np.mean([calibrated.probability(share) for share in shares])
    assert mean == pytest.approx(right.mean(), abs=0.01)


def test_answers_that_are_always_right_make_no_curve_without_end():
    slope, shift = platt([0.4, 0.6, 0.9], [True, True, True])
    assert math.isfinite(slope) and math.isfinite(shift)
    assert platt([], []) == (1.0, 0.0)
