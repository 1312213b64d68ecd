"""Absolute positions: counted, and as sinusoids of every kind."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.positions import position_ids, sinusoids
from attnviz.core.spec import PositionSpec


def close(found: np.ndarray, expected: object) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_positions_count_from_an_offset() -> None:
    ids = np.array([7, 8, 9])
    assert position_ids(ids, PositionSpec("learned", 10)).tolist() == [0, 1, 2]
    assert position_ids(ids, PositionSpec("learned", 10, offset=2)).tolist() == [2, 3, 4]


def test_pads_stay_where_they_are_and_do_not_count() -> None:
    """RoBERTa's pad is 1: real tokens count from 2 on."""
    ids = np.array([1, 5, 1, 6, 7])
    spec = PositionSpec("learned", 10, pad_id=1)
    assert position_ids(ids, spec).tolist() == [1, 2, 1, 3, 4]


def test_sinusoids_alternate_sine_and_cosine() -> None:
    """Position 3 of 4 dimensions: angles 3 / 10000^0 = 3 and 3 / 10000^(2/4) = 0.03."""
    (found,) = sinusoids(np.array([3]), 4)
    close(found, [math.sin(3), math.cos(3), math.sin(0.03), math.cos(0.03)])


def test_sinusoids_of_the_first_position_are_zero_and_one() -> None:
    assert sinusoids(np.array([0]), 6).tolist() == [[0, 1, 0, 1, 0, 1]]


def test_sinusoids_in_halves_have_all_sines_first() -> None:
    (found,) = sinusoids(np.array([3]), 4, "halves")
    close(found, [math.sin(3), math.sin(0.03), math.cos(3), math.cos(0.03)])


def test_fairseq_sinusoids_spread_their_angles_to_the_last() -> None:
    """Six dimensions: 10000^0, 10000^(-1/2), 10000^(-1): angles 3, 0.03 and 0.0003."""
    angles = [3, 0.03, 0.0003]
    (found,) = sinusoids(np.array([3]), 6, "fairseq")
    close(found, [*map(math.sin, angles), *map(math.cos, angles)])


def test_an_odd_size_leaves_a_sine_over_or_a_zero() -> None:
    angles = [3, 3 * 10000 ** (-2 / 5), 3 * 10000 ** (-4 / 5)]
    plain = [f(angle) for angle in angles for f in (math.sin, math.cos)][:5]
    close(sinusoids(np.array([3]), 5)[0], plain)
    close(sinusoids(np.array([3]), 5, "halves")[0], plain[0::2] + plain[1::2])
    assert sinusoids(np.array([3]), 5, "fairseq")[0, -1] == 0


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(["interleaved", "halves"]))
def test_the_product_of_two_sinusoids_depends_on_their_distance_alone(
    a: int, b: int, kind: str
) -> None:
    first, second, away, origin = sinusoids(np.array([a, b, abs(a - b), 0]), 16, kind)
    assert first @ second == pytest.approx(away @ origin, abs=1e-5)
