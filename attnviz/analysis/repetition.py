"""What the heads of a decoder do with a text that it has read before: copying by induction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from attnviz.analysis.probes import Probe
from attnviz.analysis.questions import Question
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, FloatArray

DoubleArray = npt.NDArray[np.float64]

TITLES = {
    "induction": "weight behind the same token before",
    "duplicate": "weight on the same token before",
}
"""What the two scores are (Olsson et al. 2022, prefix matching; Wang et al. 2023, section 3)."""

PERIOD, TRIES = 25, 4


class Reads(Protocol):
    """What is needed of a model."""

    def attend(self, text: None = None, *, token_ids: Any) -> AttentionResult:
        """The attention for token ids."""


def repetition(weights: FloatArray, period: int, start: int = 0) -> tuple[DoubleArray, DoubleArray]:
    """Induction and duplicate-token score of each head, float64 (layer, head) each.

    ``weights`` (layer, head, query, key) are of a text that from ``start`` on is ``period``
    random tokens and the same once more. In the second half, duplicate is the mean weight on the
    same token before, induction that on the token after it. InputError where the map is too
    small for that.
    """
    queries = np.arange(start + period, start + 2 * period)
    if period < 1 or queries[-1] >= weights.shape[2]:
        raise InputError(f"there are no two times {period} tokens from {start} on in this map")
    same = weights[..., queries, queries - period].mean(axis=-1, dtype=np.float64)
    after = weights[..., queries, queries - period + 1].mean(axis=-1, dtype=np.float64)
    return after, same


def copying(model: Reads, vocab_size: int, seed: int = 0) -> dict[str, DoubleArray]:
    """Both scores of every head of a decoder, over a few texts of random tokens said twice."""
    found = [repetition(map.weights, PERIOD) for map in _said_twice(model, vocab_size, seed)]
    return dict(zip(TITLES, np.mean(found, axis=0), strict=True))


def copies(model: Reads, vocab_size: int, seed: int = 0) -> dict[str, Probe]:
    """How often each head of a decoder looks most at the same token before, or behind it.

    Asked of every token that is said again, in the texts of ``copying``; candidates are all before
    it.
    """
    found: dict[str, Probe] = {}
    for map in _said_twice(model, vocab_size, seed):
        for query in range(PERIOD, 2 * PERIOD):
            for name, right in (("induction", query - PERIOD + 1), ("duplicate", query - PERIOD)):
                asked = Question(name, query, tuple(range(query)), frozenset((right,)), fixed=True)
                found.setdefault(name, Probe.empty(name, map)).add(asked, map.weights)
    return found


def _said_twice(model: Reads, vocab_size: int, seed: int) -> Iterator[AttentionMap]:
    random = np.random.default_rng(seed)
    for _ in range(TRIES):
        first = vocab_size // 10  # special tokens come first
        several = vocab_size - first < PERIOD  # else no token comes twice in a period
        ids = first + random.choice(vocab_size - first, PERIOD, replace=several)
        yield model.attend(token_ids=[*ids.tolist(), *ids.tolist()]).maps["decoder"]
