"""A classifier decides by a weighted sum, so that what each token adds to it is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.tasks.classifier import Classifier
from attnviz.tasks.fit_classifier import Examples, Settings, fit_classifier, loss_gradients
from attnviz.tasks.measures import entropy, folds, measure, paired_interval, together, wilson
from tests.tasks.test_additive import differences, drawn, vectors

LABELS = ("cat", "dog", "owl")
QUICK = Settings(d_attention=4, fewest_steps=500, rate=0.02, dropout=0.0)


def classifier() -> Classifier:
    rng = np.random.default_rng(5)
    return Classifier(LABELS, drawn(), rng.normal(size=(5, 3)), rng.normal(size=3), "any", (1,))


def test_contributions_sum_to_the_logits() -> None:
    x = vectors()
    decision = classifier().decide(x)
    np.testing.assert_allclose(decision.logits, classifier().logits(x, np.array([len(x)]))[0])
    assert decision.attention.sum() == pytest.approx(1)
    first, second = decision.ranked[:2]
    assert decision.margins.sum() == pytest.approx(
        np.log(decision.probabilities[first] / decision.probabilities[second])
    )


def examples(n: int = 60, *, seed: int = 0) -> Examples:
    """Runs of noise in which one vector of its own says which label it is."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 7, n)
    labels = np.arange(n) % 3
    x = rng.normal(scale=0.3, size=(int(lengths.sum()), 5)).astype(np.float32)
    places = np.cumsum(lengths) - rng.integers(1, 3, n)
    x[places, labels] += 3
    return Examples(x, lengths, labels)


def fitted(given: Examples, settings: Settings = QUICK) -> Classifier:
    return fit_classifier(given, LABELS, model="any", layers=(1,), settings=settings)


@pytest.mark.parametrize("name", ["projection", "bias", "query", "output", "output_bias"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    x, lengths, labels = vectors(), np.array([3, 1, 4]), np.array([0, 2, 1])
    rng = np.random.default_rng(6)
    arrays = drawn().arrays() | {
        "output": rng.normal(size=(5, 3)),
        "output_bias": rng.normal(size=3),
    }
    given = Examples(x, lengths, labels)

    def loss(arrays: dict[str, np.ndarray]) -> float:
        parts = dict(arrays)
        output, bias = parts.pop("output"), parts.pop("output_bias")
        logits = type(drawn())(**parts).attend(x, lengths).pooled @ output + bias
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return float(-logits[np.arange(3), labels].mean())

    found = loss_gradients(arrays, given)[name]
    np.testing.assert_allclose(found, differences(loss, arrays, name), atol=1e-6)


def test_a_fit_finds_the_vector_that_tells_and_attends_to_it() -> None:
    held = measure(fitted(examples()), examples(seed=1))
    assert held.accuracy > 0.9
    assert held.concentration > 0.6
    assert measure(fitted(examples()), examples(seed=1)).confusion.sum() == 60


def test_a_fit_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, same = fitted(examples()), fitted(examples())
    np.testing.assert_array_equal(one.output, same.output)
    other = fitted(examples(), replace(QUICK, seed=1))
    assert not np.array_equal(one.output, other.output)


def test_a_dimension_that_never_changes_is_harmless() -> None:
    given = examples()
    given.x[:, 4] = 7
    assert np.isfinite(fitted(given).output).all()


def test_entropy_is_one_for_equal_weights_and_zero_for_a_single_one() -> None:
    lengths = np.array([4, 2, 1])
    weights = np.array([0.25] * 4 + [1, 0] + [1], np.float32)
    np.testing.assert_allclose(entropy(weights, lengths), [1, 0, 0], atol=1e-6)


def test_folds_spread_every_label_evenly() -> None:
    labels = np.array([0] * 50 + [1] * 10)
    fold = folds(labels, 5)
    assert [np.bincount(labels[fold == k]).tolist() for k in range(5)] == [[10, 2]] * 5


def test_measures_of_parts_are_those_of_the_whole() -> None:
    given, chosen = examples(), np.arange(60)
    halves = [
        measure(fitted(given), given.of(chosen[part])) for part in (chosen < 20, chosen >= 20)
    ]
    whole = measure(fitted(given), given)
    joined = together(halves)
    np.testing.assert_array_equal(joined.confusion, whole.confusion)
    assert joined.concentration == pytest.approx(whole.concentration, abs=1e-6)
    assert joined.majority == pytest.approx(1 / 3)


def test_intervals_hold_the_share_and_the_mean() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)  # Wilson's own formula by hand
    assert wilson(0, 0) == (0, 1)
    mean, low, high = paired_interval(np.array([0.0, 1.0, 0.0, 1.0]))
    assert (mean, round(low, 3), round(high, 3)) == (0.5, -0.066, 1.066)
