"""What positions add to scores: ALiBi, relative buckets, disentangled attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.core.buffers import FloatArray
from attnviz.core.positions import alibi_slopes, bucket_of, log_bucket
from attnviz.core.spec import ALiBi, AttentionSpec, Buckets, Disentangled
from attnviz.core.weights import AttentionWeights, Linear


@dataclass(frozen=True, slots=True)
class _Slopes:
    """slope · key position (Press et al. 2022, sec. 3), which differs from the distance by row."""

    by_head: FloatArray  # (head,)

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:  # noqa: ARG002
        scores += self.by_head[heads, None, None] * np.arange(keys.start, keys.stop, dtype="f4")


@dataclass(frozen=True, slots=True)
class _ByDistance:
    """A score for each head and distance, key - query, from -(n - 1) on (Raffel et al. 2020)."""

    table: FloatArray  # (head, distance)
    n: int

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:
        rows = sliding_window_view(self.table[heads], keys.stop - keys.start, axis=1)
        last = self.n - queries.stop + keys.start
        scores += rows[:, last : last + queries.stop - queries.start][:, ::-1]


@dataclass(frozen=True, slots=True)
class _Disentangled:
    """Scores between contents and positions (He et al. 2021, eq. 4), by bucketed distance."""

    c2p: FloatArray | None  # (…, head, query, relative position)
    p2c: FloatArray | None  # (…, head, key, relative position)
    spec: Disentangled

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:
        far, lead = 2 * self.spec.span - 1, (None,) * (scores.ndim - 2)
        ahead = np.arange(queries.start, queries.stop)[:, None] - np.arange(keys.start, keys.stop)
        if self.c2p is not None:
            index = np.clip(log_bucket(ahead, self.spec) + self.spec.span, 0, far)
            scores += np.take_along_axis(self.c2p[..., heads, queries, :], index[lead], -1)
        if self.p2c is not None:
            index = np.clip(self.spec.span - log_bucket(-ahead.T, self.spec), 0, far)
            scores += np.take_along_axis(self.p2c[..., heads, keys, :], index[lead], -1).mT


ScoreBias = _Slopes | _ByDistance | _Disentangled  # ``add`` to scores (…, head, query, key)


def score_bias(
    spec: AttentionSpec,
    weights: AttentionWeights,
    queries: FloatArray,
    keys: FloatArray,
    table: FloatArray | None,
) -> ScoreBias | None:
    """What positions add to the scores of a sequence, or of several of one length.

    ``queries`` (…, head, query, d_head) are already scaled, ``keys`` (…, key head, key, d_head);
    ``table`` is what the stack has as ``relative``.
    """
    n_heads, n_queries, d_head = queries.shape[-3:]
    match spec.bias:
        case None:
            return None
        case ALiBi(factor):
            return _Slopes(alibi_slopes(n_heads) * np.float32(factor))
        case Buckets():
            n = max(n_queries, keys.shape[-2])  # a cache has keys of queries before
            distance = np.arange(-(n - 1), n, dtype=np.int64)
            table = weights.relative if spec.bias.own else table
            found = (table if table is not None else np.empty(0))[bucket_of(distance, spec.bias)]
            return _ByDistance(np.ascontiguousarray(found.T, dtype=np.float32), n)
        case Disentangled() as relative:
            to_query, to_key = weights.position_query, weights.position_key
            if relative.shared:
                to_query, to_key = weights.side(spec, 0, 0), weights.side(spec, 1, 1)
            c2p = _embedded(table, to_key, d_head) if relative.c2p else None
            p2c = _embedded(table, to_query, d_head) if relative.p2c else None
            return _Disentangled(
                None if c2p is None else queries @ c2p,
                None if p2c is None else keys @ (p2c * np.float32(spec.scale)),
                relative,
            )


def _embedded(
    table: FloatArray | None, projection: Linear | None, d_head: int
) -> FloatArray | None:
    """Keys or queries (head, d_head, relative position) made of the relative embeddings."""
    if table is None or projection is None:
        return None
    return projection(table).reshape(len(table), -1, d_head).transpose(1, 2, 0)
