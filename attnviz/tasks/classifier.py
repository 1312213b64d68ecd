"""A classifier that pools the vectors of a text by additive attention, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.brief import brief
from attnviz.result import FloatArray
from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.runs import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What a classifier makes of one text, token by token.

    ``attention`` (token,) sums to 1. ``contributions`` (token, label) are what each token adds to
    each label's logit, to which they sum exactly: weight · (V x + d), for the weights sum to 1.
    """

    labels: tuple[str, ...]
    attention: FloatArray
    contributions: FloatArray

    __repr__ = brief

    @property
    def logits(self) -> FloatArray:
        """One number for each label (label,)."""
        found: FloatArray = self.contributions.sum(axis=0)
        return found

    @property
    def probabilities(self) -> FloatArray:
        """The softmax of the logits (label,)."""
        return softmax(self.logits)

    @property
    def ranked(self) -> tuple[int, ...]:
        """The labels' indices, the most probable first."""
        return tuple(np.argsort(-self.logits, kind="stable").tolist())

    @property
    def margins(self) -> FloatArray:
        """What each token adds to the decision (token,): to the log-odds of first over second."""
        first, second = self.ranked[:2]
        found: FloatArray = self.contributions[:, first] - self.contributions[:, second]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """logits = V pooled + d, where ``pooled`` is the additive attention's weighted sum.

    ``output`` V is (d_model, label) and ``bias`` d (label,). The vectors are the mean of the
    hidden states ``layers`` of ``model``, where 0 is what goes into its first layer.
    """

    labels: tuple[str, ...]
    attention: AdditiveAttention
    output: FloatArray
    bias: FloatArray
    model: str
    layers: tuple[int, ...]

    __repr__ = brief

    def decide(self, x: FloatArray) -> Decision:
        """The decision on one text by its tokens' vectors x (token, d_model)."""
        weights = self.attention.attend(x, np.array([len(x)])).weights
        return Decision(self.labels, weights, weights[:, None] * (x @ self.output + self.bias))

    def logits(self, x: FloatArray, lengths: IntArray) -> FloatArray:
        """The logits (text, label) of texts of so many tokens, their vectors in one array."""
        found: FloatArray = self.attention.attend(x, lengths).pooled @ self.output + self.bias
        return found


def softmax(logits: FloatArray) -> FloatArray:
    """Logits (…, label) as probabilities."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return found
