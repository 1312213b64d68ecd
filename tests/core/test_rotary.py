"""Rotary positions: pairs turned by angles, and every scaling at a point worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.positions import rotary_table, rotate_
from attnviz.core.spec import Rotary
from tests.core.formulas import turned


def close(found: np.ndarray, expected: object) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


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
    middle = Rotary(
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


def test_yarn_heats_attention_by_its_factor() -> None:
    assert frequencies(yarn(attention_factor=0.5))[-1] == pytest.approx(0.5)
