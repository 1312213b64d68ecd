"""LexRank by hand on three sentences, and what holds of any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.tasks.baselines import first_sentences, lexrank


def test_the_sentence_that_resembles_the_others_ranks_first() -> None:
    weights = lexrank(["red fox jumps", "red fox jumps over dogs", "over dogs", "a boat sails"])
    assert weights.argmax() == 1
    assert weights.sum() == pytest.approx(1)


def test_two_like_sentences_share_what_there_is() -> None:
    # With one other sentence that shares no word, every sentence keeps to itself: all are equal.
    np.testing.assert_allclose(lexrank(["one two", "three four", "five six"]), 1 / 3, atol=1e-6)
    # a and b share half of their words; by symmetry they rank the same, c as before.
    weights = lexrank(["one two", "one three", "five six"])
    assert weights[0] == pytest.approx(weights[1])


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_weights_are_a_distribution(sentences: list[str]) -> None:
    for weights in (lexrank(sentences), first_sentences(sentences)):
        assert weights.shape == (len(sentences),)
        assert (weights > 0).all()
        assert weights.sum() == pytest.approx(1, abs=1e-5)


def test_first_sentences_fall() -> None:
    assert (np.diff(first_sentences(["a"] * 5)) < 0).all()
