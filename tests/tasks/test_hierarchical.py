"""Hierarchical attention: words pool into sentences, sentences are weighed in the document."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.tasks.hierarchical import (
    Documents,
    SentenceAttention,
    SummarySettings,
    fit_sentence_attention,
    loss_gradients,
)
from tests.tasks.test_additive import differences, drawn, vectors

QUICK = SummarySettings(d_attention=4, epochs=60, rate=0.02, dropout=0.0)


def head() -> SentenceAttention:
    return SentenceAttention(drawn(1), drawn(2), "any", (1,), 8)


def test_sentence_vectors_are_the_weighted_sums_of_their_words() -> None:
    x, lengths = vectors(), np.array([3, 1, 4])
    pooled, weights = head().vectors(x, lengths)
    np.testing.assert_allclose(pooled[0], weights[:3] @ x[:3])
    np.testing.assert_allclose(pooled[1], x[3])
    by_sentence = head().weights(pooled)
    assert by_sentence.sum() == pytest.approx(1)
    scores = head().sentences.scores(pooled)
    assert by_sentence.argmax() == scores.argmax()


@pytest.mark.parametrize("level", ["word", "sentence"])
@pytest.mark.parametrize("name", ["projection", "bias", "query"])
def test_gradients_are_those_of_finite_differences(level: str, name: str) -> None:
    words, sentences = drawn(1).arrays(), drawn(2).arrays()
    arrays = {f"word_{key}": array for key, array in words.items()}
    arrays |= {f"sentence_{key}": array for key, array in sentences.items()}
    targets = np.array([0.2, 0.8, 1.0])
    given = Documents(vectors(), np.array([3, 1, 4]), np.array([2, 1]), targets)

    def loss(arrays: dict[str, np.ndarray]) -> float:
        parts = dict(arrays)
        levels = [
            type(drawn())(*(parts[f"{each}_{key}"] for key in ("projection", "bias", "query")))
            for each in ("word", "sentence")
        ]
        attention = SentenceAttention(*levels, "any", (1,), 8)
        pooled, _ = attention.vectors(given.x, given.lengths)
        weights = np.concatenate([attention.weights(pooled[:2]), attention.weights(pooled[2:])])
        return float(-(targets * np.log(weights)).sum()) / 2

    found = loss_gradients(arrays, given)[f"{level}_{name}"]
    expected = differences(loss, arrays, f"{level}_{name}")
    np.testing.assert_allclose(found, expected, atol=1e-6)


def documents(seed: int, n: int = 60) -> Documents:
    """Documents of noise in which one word of one sentence says that it is the one."""
    rng = np.random.default_rng(seed)
    n_sentences = rng.integers(2, 6, n)
    lengths = rng.integers(2, 6, int(n_sentences.sum()))
    x = rng.normal(scale=0.3, size=(int(lengths.sum()), 5)).astype(np.float32)
    chosen = np.cumsum(n_sentences) - 1 - rng.integers(0, 2, n)
    x[np.cumsum(lengths)[chosen] - 1, 2] += 3
    targets = np.zeros(len(lengths), np.float32)
    targets[chosen] = 1
    return Documents(x, lengths, n_sentences, targets)


def test_a_fit_finds_the_sentence_by_its_word() -> None:
    fitted = fit_sentence_attention(documents(0), model="any", layers=(1,), piece=8, settings=QUICK)
    held = documents(1)
    right = 0
    for number in range(60):
        one = held.of(np.array([number]))
        pooled, _ = fitted.vectors(one.x, one.lengths)
        right += fitted.weights(pooled).argmax() == one.targets.argmax()
    assert right > 54
