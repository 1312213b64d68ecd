"""Sinusoids, rotary angles and their scalings, slopes and buckets, each at points worked out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.positions import (
    alibi_slopes,
    bucket_of,
    log_bucket,
    position_ids,
    rotary_table,
    rotate_,
    sinusoids,
)
from attnviz.core.spec import Buckets, Disentangled, PositionSpec, Rotary
from tests.core.slow import deberta_bucket, slopes, t5_bucket, turned


def close(found: np.ndarray, expected: object) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


# Absolute positions


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


# Rotary positions


def test_a_rotation_turns_each_pair_by_its_own_angle() -> None:
    """Position 2, base 100, four dimensions: angles 2 and 2 / 100^(2/4) = 0.2."""
    cos, sin = rotary_table(Rotary(4, theta=100.0), 3)
    close(cos[2], [math.cos(2), math.cos(0.2)])
    x = np.float32([[[9, 9, 9, 9]]] * 2 + [[[1, 0, 0, 1]]])
    rotate_(x, cos, sin, interleaved=False)  # pairs (1, 0) and (0, 1), half and half
    close(x[2, 0], [math.cos(2), -math.sin(0.2), math.sin(2), math.cos(0.2)])
    assert x[0, 0].tolist() == [9, 9, 9, 9]


def test_interleaved_pairs_are_neighbours() -> None:
    cos, sin = rotary_table(Rotary(4, theta=100.0), 3)
    x = np.float32([[[0, 0, 0, 0]]] * 2 + [[[1, 0, 0, 1]]])
    rotate_(x, cos, sin, interleaved=True)  # pairs (1, 0) and (0, 1), side by side
    close(x[2, 0], [math.cos(2), math.sin(2), -math.sin(0.2), math.cos(0.2)])


def test_dimensions_beyond_the_rotary_ones_stay() -> None:
    x = np.ones((2, 1, 5), np.float32)
    rotate_(x, *rotary_table(Rotary(2), 2), interleaved=False)
    assert x[1, 0, 2:].tolist() == [1, 1, 1]
    assert x[1, 0, 0] != 1


rotaries = st.builds(
    Rotary, st.sampled_from([2, 4, 6]), st.floats(10, 1e6), interleaved=st.booleans()
)


@given(rotaries, st.integers(0, 99))
def test_rotation_keeps_lengths_and_equals_that_of_complex_numbers(
    rotary: Rotary, seed: int
) -> None:
    x = np.random.RandomState(seed).normal(size=(9, 2, 7)).astype(np.float32)
    found = x.copy()
    rotate_(found, *rotary_table(rotary, 9), interleaved=rotary.interleaved)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), np.linalg.norm(x, axis=2), rtol=1e-5)
    for token, head in np.ndindex(9, 2):
        close(found[token, head], turned(np.float64(x[token, head]), token, rotary))


@given(rotaries, st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_scores_of_rotated_vectors_depend_on_distance_alone(
    rotary: Rotary, a: int, b: int, shift: int
) -> None:
    query, key = np.random.RandomState(0).normal(size=(2, 1, 1, 6)).astype(np.float32)
    rows = np.repeat(np.stack([query, key])[:, 0], 41, axis=1).transpose(1, 0, 2).copy()
    rotate_(rows, *rotary_table(rotary, 41), interleaved=rotary.interleaved)
    queries, keys = rows[:, 0], rows[:, 1]
    near, far = queries[a] @ keys[b], queries[a + shift] @ keys[b + shift]
    assert near == pytest.approx(far, abs=1e-4)


# Scalings: what they make of position 1, so that an angle is its frequency


def frequencies(rotary: Rotary, n: int = 2) -> np.ndarray:
    """The frequencies of a sequence of n tokens, and the factor on its cosines and sines."""
    cos, sin = rotary_table(rotary, n)
    factor = float(np.hypot(cos[1], sin[1])[0])
    np.testing.assert_allclose(np.hypot(cos, sin), factor, rtol=1e-5)
    return np.append(np.arctan2(sin[1], cos[1]), factor)


def test_linear_scaling_divides_every_frequency() -> None:
    """Base 100 over four dimensions: 1 and 0.1; a factor of 4 makes 0.25 and 0.025."""
    close(frequencies(Rotary(4, 100.0, kind="linear", scaling={"factor": 4.0})), [0.25, 0.025, 1])


def test_dynamic_scaling_leaves_short_sequences_alone_and_raises_the_base_of_long_ones() -> None:
    """Trained on 4, factor 2: at 8 tokens the base is 100 · (2 · 8/4 - 1)^(4/2) = 900."""
    rotary = Rotary(4, 100.0, kind="dynamic", scaling={"factor": 2.0, "max_position_embeddings": 4})
    close(frequencies(rotary, 4), [1, 0.1, 1])
    close(frequencies(rotary, 8), [1, 1 / 30, 1])


def test_longrope_takes_short_factors_up_to_the_trained_length_and_long_ones_behind() -> None:
    scaling = {
        "short_factor": [1.0, 2.0],
        "long_factor": [4.0, 10.0],
        "original_max_position_embeddings": 4,
        "attention_factor": 1.5,
    }
    rotary = Rotary(4, 100.0, kind="longrope", scaling=scaling)
    close(frequencies(rotary, 4), [1, 0.05, 1.5])
    close(frequencies(rotary, 5), [0.25, 0.01, 1.5])


def test_llama3_scaling_divides_long_waves_keeps_short_ones_and_mixes_between() -> None:
    """Trained on 20π tokens with base 10⁴ over eight dimensions: 10, 1, 0.1 and 0.01 turns.

    Above 4 turns a frequency stays, below 1 it is divided by 8, and at 1 turn it is divided too;
    2.5 turns lie in the middle: half of each.
    """
    scaling = {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 20 * math.pi,
    }
    rotary = Rotary(8, 1e4, kind="llama3", scaling=scaling)
    close(frequencies(rotary), [1, 0.1 / 8, 0.01 / 8, 0.001 / 8, 1])
    middle = rotary.__class__(
        8, 1e4, kind="llama3", scaling=scaling | {"original_max_position_embeddings": 50 * math.pi}
    )
    close(frequencies(middle)[1], 0.1 * (1 + 1 / 8) / 2)


YARN = {
    "factor": 4.0,
    "beta_fast": 10.0,
    "beta_slow": 1.0,
    "truncate": True,
    "original_max_position_embeddings": 200 * math.pi,
}


def yarn(**more: object) -> Rotary:
    return Rotary(8, 1e4, kind="yarn", scaling=YARN | more)


def test_yarn_keeps_fast_dimensions_and_divides_slow_ones() -> None:
    """Trained on 200π tokens, frequencies 1, 0.1, 0.01, 0.001 turn 100, 10, 1 and 0.1 times.

    Ten turns are at dimension 1 and one turn at dimension 2: a step between them.
    """
    found = frequencies(yarn(attention_factor=1.0))
    close(found, [1, 0.1, 0.01 / 4, 0.001 / 4, 1])


def test_yarn_mixes_in_between_and_its_bounds_may_be_whole_or_not() -> None:
    """10^(1/2) turns are at dimension 1.5, so the ramp from 0 or 0.5 to 2 (or 1.5) changes."""
    scaling = {"beta_fast": 100.0, "beta_slow": math.sqrt(10), "attention_factor": 1.0}
    whole = frequencies(yarn(**scaling))  # a ramp from 0 to ⌈1.5⌉ = 2
    close(whole, [1, 0.1 * (1 / 2 + 1 / 8), 0.01 / 4, 0.001 / 4, 1])
    exact = frequencies(yarn(truncate=False, **scaling))  # a ramp from 0 to 1.5: 2/3 at 1
    close(exact, [1, 0.1 * (1 / 3 + 2 / 12), 0.01 / 4, 0.001 / 4, 1])


def test_yarn_heats_attention_with_the_logarithm_of_its_factor() -> None:
    """0.1 ln 4 + 1, or the quotient of two such where mscale and mscale_all_dim say so."""
    assert frequencies(yarn())[-1] == pytest.approx(0.1 * math.log(4) + 1)
    assert frequencies(yarn(attention_factor=0.5))[-1] == pytest.approx(0.5)
    assert frequencies(yarn(factor=1.0))[-1] == pytest.approx(1)
    both = frequencies(yarn(mscale=2.0, mscale_all_dim=1.0))[-1]
    assert both == pytest.approx((0.2 * math.log(4) + 1) / (0.1 * math.log(4) + 1))
    one = frequencies(yarn(mscale=2.0))[-1]
    assert one == pytest.approx(0.1 * math.log(4) + 1)


# Slopes and buckets


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
