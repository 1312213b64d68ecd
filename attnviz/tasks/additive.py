"""Additive attention: a learned question to every vector, and the mean that its answers weight."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from attnviz.brief import brief
from attnviz.result import FloatArray
from attnviz.tasks.runs import IntArray, run_ids, softmax_of_runs, sum_of_runs


class Attended(NamedTuple):
    """What attention makes of runs of vectors x (row, d_model).

    ``answers`` are tanh(x W + b) (row, d_attention), ``weights`` (row,) sum to 1 in each run, and
    ``pooled`` (run, d_model) are the weighted sums of x.
    """

    answers: FloatArray
    weights: FloatArray
    pooled: FloatArray

    def __repr__(self) -> str:
        return brief(self)


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveAttention:
    """score = q · tanh(x W + b), weights = softmax(score), pooled = Σ weight · x.

    The form is that of Bahdanau et al. (2015, section 3.1, eq. 6) with a constant in the place of
    the decoder's state: Yang et al. (2016, eq. 5 to 7). ``projection`` W is (d_model, d_attention),
    ``bias`` b and ``query`` q are (d_attention,).
    """

    projection: FloatArray
    bias: FloatArray
    query: FloatArray

    __repr__ = brief

    @classmethod
    def drawn(cls, d_model: int, d_attention: int, rng: np.random.Generator) -> AdditiveAttention:
        """Weights to begin with: scores of about 0, so that pooling begins as the mean."""
        projection = rng.standard_normal((d_model, d_attention)) / np.sqrt(d_model)
        query = 0.1 * rng.standard_normal(d_attention)
        return cls(
            projection.astype(np.float32), np.zeros(d_attention, np.float32), query.astype("f4")
        )

    def arrays(self) -> dict[str, FloatArray]:
        """The weights by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def scores(self, x: FloatArray) -> FloatArray:
        """The score of each vector (row,)."""
        found: FloatArray = np.tanh(x @ self.projection + self.bias) @ self.query
        return found

    def attend(self, x: FloatArray, lengths: IntArray) -> Attended:
        """Weights and weighted sums of runs of vectors x (row, d_model)."""
        answers = np.tanh(x @ self.projection + self.bias)
        weights = softmax_of_runs(answers @ self.query, lengths)
        return Attended(answers, weights, sum_of_runs(weights[:, None] * x, lengths))

    def gradients(
        self, x: FloatArray, answers: FloatArray, by_score: FloatArray
    ) -> dict[str, FloatArray]:
        """The loss's gradients by the weights, from those by the scores (row,)."""
        by_inner = self._by_inner(answers, by_score)
        return {
            "projection": x.T @ by_inner,
            "bias": by_inner.sum(axis=0),
            "query": answers.T @ by_score,
        }

    def pooling_gradients(
        self, x: FloatArray, attended: Attended, by_pooled: FloatArray, lengths: IntArray
    ) -> dict[str, FloatArray]:
        """The loss's gradients by the weights, from those by ``pooled`` (run, d_model)."""
        of = run_ids(lengths)
        by_weight: FloatArray = np.einsum("rd,rd->r", x, by_pooled[of])
        mean = sum_of_runs(attended.weights * by_weight, lengths)
        by_score: FloatArray = attended.weights * (by_weight - mean[of])
        return self.gradients(x, attended.answers, by_score)

    def score_inputs(self, answers: FloatArray, by_score: FloatArray) -> FloatArray:
        """The loss's gradients by x (row, d_model), through the scores alone."""
        by_inner = self._by_inner(answers, by_score)
        found: FloatArray = by_inner @ self.projection.T
        return found

    def _by_inner(self, answers: FloatArray, by_score: FloatArray) -> FloatArray:
        """The loss's gradients by x W + b, for tanh' = 1 - tanh²."""
        slopes: FloatArray = 1 - answers * answers
        found: FloatArray = (by_score[:, None] * self.query) * slopes
        return found

    def unscaled(self, mean: FloatArray, scale: FloatArray) -> AdditiveAttention:
        """The same attention on x where this one takes (x - mean) / scale."""
        projection = self.projection / scale[:, None]
        return AdditiveAttention(projection, self.bias - mean @ projection, self.query)
