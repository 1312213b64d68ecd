"""How often a lens is right: counted by what there is to find."""

from __future__ import annotations

import pytest

from attnviz.analysis.training import Answered, score
from tests.analysis.lenses import lens


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
