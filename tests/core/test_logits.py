"""From hidden states to logits, the vocabulary read in blocks."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz.core.logits as module
from attnviz.core.logits import logits
from attnviz.core.spec import HeadSpec
from tests.core.made import Drawn

TABLE = np.float32([[1, 0], [0, 1], [1, 1], [-1, 2], [0.5, 0.5]])
BIAS = np.float32([0, 0, 0, 10, 0])
HIDDEN = np.float32([[2, 3], [1, -1]])
WEIGHTS = Drawn({"head.weight": TABLE, "head.bias": BIAS})


def test_logits_are_products_with_the_rows_of_the_head() -> None:
    found = logits(HeadSpec(5), WEIGHTS, HIDDEN)
    assert found.tolist() == [[2, 3, 5, 4, 2.5], [1, -1, 0, -3, 0]]


@pytest.mark.parametrize("rows", [1, 2, 4, 5, 6])
def test_blocks_of_the_vocabulary_of_any_size_give_the_same(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", rows)
    weights = Drawn({"head.weight": TABLE, "head.bias": BIAS})
    np.testing.assert_array_equal(logits(HeadSpec(5), weights, HIDDEN), HIDDEN @ TABLE.T)
    assert len(weights.read) == -(-5 // rows)


def test_a_scale_multiplies_and_a_bias_is_added_behind_it() -> None:
    found = logits(HeadSpec(5, scale=0.5, bias=True), WEIGHTS, HIDDEN)
    assert found[0].tolist() == [1, 1.5, 2.5, 12, 1.25]


def test_a_declared_bias_may_be_missing() -> None:
    weights = Drawn({"head.weight": TABLE}, absent="bias")
    np.testing.assert_array_equal(logits(HeadSpec(5, bias=True), weights, HIDDEN), HIDDEN @ TABLE.T)


def test_logits_may_be_soft_capped() -> None:
    found = logits(HeadSpec(5, softcap=3.0), WEIGHTS, HIDDEN)
    np.testing.assert_allclose(found, 3 * np.tanh(HIDDEN @ TABLE.T / 3), rtol=1e-6)
