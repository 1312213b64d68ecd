"""How good a classifier is on texts it was not fitted on, and how its attention is spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.brief import brief
from attnviz.result import FloatArray
from attnviz.tasks.classifier import Classifier
from attnviz.tasks.fit_classifier import Examples
from attnviz.tasks.runs import IntArray, sum_of_runs

NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Measures on held-out texts.

    ``confusion`` int64 (true label, decided label) counts texts. ``majority`` is the accuracy of
    always deciding for the most frequent label. ``entropy`` is the mean of the attention's
    entropies as a share of the largest possible, ln of the number of tokens, over texts of at
    least two tokens; ``concentration`` the mean of the texts' largest weights.
    """

    confusion: IntArray
    entropy: float
    concentration: float

    __repr__ = brief

    @property
    def n(self) -> int:
        """How many texts there were."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The share of texts whose label was decided for."""
        return float(np.trace(self.confusion)) / max(self.n, 1)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the accuracy (Wilson 1927)."""
        return wilson(int(np.trace(self.confusion)), self.n)

    @property
    def majority(self) -> float:
        """The accuracy of always deciding for the label that most texts have."""
        return float(self.confusion.sum(axis=1).max()) / max(self.n, 1)


def measure(classifier: Classifier, examples: Examples) -> HeldOut:
    """What a classifier does on texts."""
    x, lengths = examples.x.astype(np.float32), examples.lengths
    attended = classifier.attention.attend(x, lengths)
    decided = (attended.pooled @ classifier.output + classifier.bias).argmax(axis=1)
    n_labels = len(classifier.labels)
    pairs = examples.labels * n_labels + decided
    confusion = np.bincount(pairs, minlength=n_labels**2).reshape(n_labels, n_labels)
    spread = entropy(attended.weights, lengths)
    several = lengths > 1
    starts = np.cumsum(lengths) - lengths
    return HeldOut(
        confusion,
        float(spread[several].mean()) if several.any() else 0.0,
        float(np.maximum.reduceat(attended.weights, starts).mean()),
    )


def together(parts: Sequence[HeldOut]) -> HeldOut:
    """The measures on several groups of texts as those on all of them."""
    sizes = np.array([part.n for part in parts])
    return HeldOut(
        np.sum([part.confusion for part in parts], axis=0),
        float(np.average([part.entropy for part in parts], weights=sizes)),
        float(np.average([part.concentration for part in parts], weights=sizes)),
    )


def entropy(weights: FloatArray, lengths: IntArray) -> FloatArray:
    """The entropy of each run's weights (run,) as a share of ln(length), 0 for a single weight."""
    logs: FloatArray = np.log(np.maximum(weights, np.finfo(np.float32).tiny))
    highest: FloatArray = np.log(np.maximum(lengths, 2)).astype(np.float32)
    found: FloatArray = sum_of_runs(weights * -logs, lengths) / highest
    return found


def folds(labels: IntArray, k: int, seed: int = 0) -> IntArray:
    """The fold of each text (text,), from 0 to k - 1, every label spread evenly over the folds."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    found = np.empty(len(labels), np.int64)
    found[order] = np.arange(len(labels)) % k
    return found


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    z, share = NORMAL_95, right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def paired_interval(differences: FloatArray) -> tuple[float, float, float]:
    """The mean of paired differences (item,) with its 95 % interval: mean, low, high."""
    mean = float(differences.mean())
    half = NORMAL_95 * float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return mean, mean - half, mean + half
