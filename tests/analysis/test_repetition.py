"""Induction and duplicate tokens, on text that is said twice."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.repetition import PERIOD, TRIES, copies, copying, repetition
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, Token


def test_induction_looks_behind_the_same_token_and_duplicate_at_it():
    # <s> a b a b: the second a looks at the first (1.0), the second b behind the first (0.25)
    weights = np.zeros((1, 1, 5, 5), np.float32)
    weights[0, 0, 3, 1] = 1.0
    weights[0, 0, 4, 3] = 0.25
    induction, duplicate = repetition(weights, period=2, start=1)
    assert induction.item() == pytest.approx(0.125)
    assert duplicate.item() == pytest.approx(0.5)


@pytest.mark.parametrize(("period", "start"), [(0, 0), (3, 0), (2, 2)])
def test_a_map_too_small_for_its_repetition_is_refused(period, start):
    with pytest.raises(InputError, match="there are no two times"):
        repetition(np.zeros((1, 1, 5, 5), np.float32), period, start)


class Copier:
    """A decoder whose head 0 looks behind the same token before, and whose head 1 at it."""

    def attend(self, text=None, *, token_ids):
        n = len(token_ids)
        assert n == 2 * PERIOD and token_ids[:PERIOD] == token_ids[PERIOD:]
        behind = np.eye(n, k=1 - PERIOD)
        weights = np.stack([behind, np.eye(n, k=-PERIOD)])[None]
        units = tuple(Token(str(i)) for i in token_ids)
        return AttentionResult(units, {"decoder": AttentionMap(weights)})


def test_a_decoder_is_asked_with_random_tokens_said_twice():
    found = copying(Copier(), vocab_size=100)
    assert found["induction"].tolist() == [[1, 0]]
    assert found["duplicate"].tolist() == [[0, 1]]


def test_and_how_often_each_head_looks_there_most():
    found = copies(Copier(), vocab_size=100)
    assert set(found) == {"induction", "duplicate"}
    for name, one in found.items():
        assert one.n == TRIES * PERIOD
        assert one.right.tolist() == [[one.n, 0] if name == "induction" else [0, one.n]]
        assert set(one.baselines()) == {"any word"}  # a fixed offset would be the relation itself
