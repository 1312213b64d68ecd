"""Fitting a classifier: cross entropy over minibatches, its gradients written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from attnviz.brief import brief
from attnviz.result import FloatArray
from attnviz.tasks.adam import Arrays, batches, descend
from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.classifier import Classifier, softmax
from attnviz.tasks.runs import IntArray, take_runs

Progress = Callable[[float], None]

SPREAD_ROWS = 1 << 14
CONSTANT = 1e-6  # a deviation that is rounding and nothing else


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Texts as runs of vectors ``x`` (row, d_model), and the index of each text's label."""

    x: FloatArray
    lengths: IntArray
    labels: IntArray

    __repr__ = brief

    def of(self, chosen: IntArray) -> Examples:
        """Some of the texts."""
        rows = take_runs(chosen, self.lengths)
        return Examples(self.x[rows], self.lengths[chosen], self.labels[chosen])


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit; these were chosen on an inner split of the polarity sentences."""

    d_attention: int = 32
    epochs: int = 6
    fewest_steps: int = 300
    batch: int = 64
    rate: float = 2e-3
    dropout: float = 0.5
    decay: float = 0.01
    seed: int = 0


DEFAULT = Settings()


def fit_classifier(
    examples: Examples,
    labels: tuple[str, ...],
    *,
    model: str,
    layers: tuple[int, ...],
    settings: Settings = DEFAULT,
    progress: Progress = lambda share: None,  # noqa: ARG005
) -> Classifier:
    """The classifier that fits the examples, which may be float16; float32 otherwise."""
    rng = np.random.default_rng(settings.seed)
    n, d_model = len(examples.lengths), examples.x.shape[1]
    mean, scale = spread(examples.x)
    first = AdditiveAttention.drawn(d_model, settings.d_attention, rng)
    output = np.zeros((d_model, len(labels)), np.float32)
    begun = first.arrays() | {"output": output, "output_bias": np.zeros(len(labels), np.float32)}
    per_epoch = -(-n // settings.batch)
    n_steps = max(settings.epochs * per_epoch, settings.fewest_steps)
    done = 0

    def gradients(arrays: Arrays, chosen: IntArray) -> Mapping[str, FloatArray]:
        nonlocal done
        done += 1
        progress(done / n_steps)
        batch = examples.of(chosen)
        x = dropped((batch.x.astype(np.float32) - mean) / scale, settings.dropout, rng)
        found = loss_gradients(arrays, Examples(x, batch.lengths, batch.labels))
        found["output"] += settings.decay * arrays["output"]
        return found

    steps = batches(n, settings.batch, rng)
    arrays = descend(begun, gradients, steps, n_steps, settings.rate)
    output, bias = arrays.pop("output"), arrays.pop("output_bias")
    output = output / scale[:, None]
    attention = AdditiveAttention(**arrays).unscaled(mean, scale)
    return Classifier(labels, attention, output, bias - mean @ output, model, layers)


def loss_gradients(arrays: Mapping[str, FloatArray], examples: Examples) -> Arrays:
    """The gradients of the mean cross entropy by every array."""
    attention = AdditiveAttention(arrays["projection"], arrays["bias"], arrays["query"])
    x, lengths, labels = examples.x, examples.lengths, examples.labels
    attended = attention.attend(x, lengths)
    by_logit = softmax(attended.pooled @ arrays["output"] + arrays["output_bias"])
    by_logit[np.arange(len(labels)), labels] -= 1
    by_logit /= len(labels)
    by_pooled = by_logit @ arrays["output"].T
    return attention.pooling_gradients(x, attended, by_pooled, lengths) | {
        "output": attended.pooled.T @ by_logit,
        "output_bias": by_logit.sum(axis=0),
    }


def spread(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation of each dimension (d_model,); a constant one is left as it is."""
    mean = x.mean(axis=0, dtype=np.float32)
    squares = np.zeros_like(mean)
    for start in range(0, len(x), SPREAD_ROWS):
        squares += ((x[start : start + SPREAD_ROWS] - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / len(x))
    return mean, np.where(deviation > CONSTANT, deviation, np.float32(1))


def dropped(x: FloatArray, share: float, rng: np.random.Generator) -> FloatArray:
    """Inputs with a share of their numbers left out and the others enlarged to make up for it."""
    kept = rng.random(x.shape, dtype=np.float32) >= share
    found: FloatArray = x * kept / np.float32(1 - share)
    return found
