"""What distance adds to a score: ALiBi's slopes, T5's and DeBERTa's buckets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.positions import alibi_slopes, bucket_of, log_bucket
from attnviz.core.spec import Buckets, Disentangled
from tests.core.formulas import deberta_bucket, slopes, t5_bucket


@pytest.mark.parametrize(
    ("n_heads", "exponents"),
    [
        (1, [8]),
        (2, [4, 8]),
        (3, [4, 8, 2]),
        (4, [2, 4, 6, 8]),
        (6, [2, 4, 6, 8, 1, 3]),
        (8, [1, 2, 3, 4, 5, 6, 7, 8]),
        (12, [1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5]),
    ],
)
def test_alibi_slopes_fall_by_one_ratio_and_odd_heads_lie_between(
    n_heads: int, exponents: list[float]
) -> None:
    np.testing.assert_allclose(alibi_slopes(n_heads), [2.0**-e for e in exponents], rtol=1e-6)


@given(st.integers(1, 200))
def test_alibi_slopes_are_those_of_the_paper_for_any_number_of_heads(n_heads: int) -> None:
    np.testing.assert_allclose(alibi_slopes(n_heads), slopes(n_heads), rtol=1e-6)


def test_t5_buckets_by_hand() -> None:
    """32 both ways: 16 a side, the first 8 exact, then logarithmic up to 128."""
    spec = Buckets(32, 128, bidirectional=True)
    distances = np.array([0, -1, 1, -7, 7, -8, -15, -16, -127, -128, -5000, 5000])
    assert bucket_of(distances, spec).tolist() == [0, 1, 17, 7, 23, 8, 9, 10, 15, 15, 15, 31]


def test_a_decoder_has_all_buckets_for_what_came_before() -> None:
    spec = Buckets(32, 128, bidirectional=False)
    assert bucket_of(np.array([0, -1, -15, -16, -5000, 1, 50]), spec).tolist() == [
        0, 1, 15, 16, 31, 0, 0,
    ]  # fmt: skip


@given(st.integers(2, 40), st.integers(1, 400), st.booleans())
def test_t5_buckets_are_those_of_the_slow_formula(half: int, more: int, both: bool) -> None:
    spec = Buckets(2 * half, half + more, bidirectional=both)
    distances = np.arange(-300, 301)
    found, expected = bucket_of(distances, spec), [t5_bucket(int(d), spec) for d in distances]
    wrong = np.flatnonzero(found != expected)
    for index in wrong:  # float32 may fall on the other side of a step that is hit exactly
        assert steps_exactly(int(distances[index]), spec)


def steps_exactly(distance: int, spec: Buckets) -> bool:
    """Whether the logarithm of a distance is a whole number of buckets, to rounding."""
    n = spec.n_buckets // (2 if spec.bidirectional else 1)
    exact = n // 2
    grown = math.log(abs(distance) / exact) / math.log(spec.max_distance / exact) * (n - exact)
    return abs(grown - round(grown)) < 1e-4


def relative(n_buckets: int, max_distance: int) -> Disentangled:
    return Disentangled(16, n_buckets, max_distance, c2p=True, p2c=True, shared=True)


def test_deberta_buckets_by_hand() -> None:
    """32 buckets: up to ±16 exact, then 15 steps of the logarithm up to ±31 at 511."""
    distances = np.array([0, 5, -16, 17, 511, -511])
    assert log_bucket(distances, relative(32, 512)).tolist() == [0, 5, -16, 17, 31, -31]


@given(st.integers(2, 40), st.integers(10, 600))
def test_deberta_buckets_are_those_of_the_slow_formula(half: int, more: int) -> None:
    spec = relative(2 * half, half + more)
    distances = np.arange(-300, 301)
    found = log_bucket(distances, spec)
    assert (found == -log_bucket(-distances, spec)).all()
    expected = np.array([deberta_bucket(int(d), spec) for d in distances])
    for index in np.flatnonzero(found != expected):  # one bucket off where a step is hit exactly
        away, middle = abs(int(distances[index])), half
        grown = math.log(away / middle) / math.log((half + more - 1) / middle) * (middle - 1)
        assert abs(grown - round(grown)) < 1e-4


def test_without_buckets_a_distance_is_itself() -> None:
    assert log_bucket(np.array([-40, 3]), relative(-1, -1)).tolist() == [-40, 3]
