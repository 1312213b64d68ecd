"""Queries, keys and values of one sequence to weights and context, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from math import isfinite
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.core.ops import FloatArray, plain_softmax_, softcap_, softmax_
from attnviz.core.parallel import Crew, even
from attnviz.core.positions import alibi_slopes, bucket_of, log_bucket
from attnviz.core.spec import ALiBi, AttentionSpec, Buckets, Disentangled
from attnviz.core.weights import AttentionWeights, Linear

__all__ = ["Block", "Heads", "ScoreBias", "attend", "score_bias"]

CACHED = 1 << 19
"""Bytes of scores worked on at a time, so that softmax finds them in the cache."""


class ScoreBias(Protocol):
    """Something that adds to scores what depends on positions."""

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:
        """Add in place to scores (head, query, key) of these ranges."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Queries (n_heads, query, d_head), keys and values (n_kv_heads, key, d_head).

    Queries are already multiplied by the scale; values are None where no context is wanted.
    """

    queries: FloatArray
    keys: FloatArray
    values: FloatArray | None

    @property
    def group(self) -> int:
        """How many query heads share one key head."""
        return int(self.queries.shape[0] // self.keys.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Queries of one sequence, ``rows`` of it, and where what comes of them belongs.

    ``weights`` is (head, rows, key), ``context`` (head, query, d_head) or None.
    """

    heads: Heads
    spec: AttentionSpec
    bias: ScoreBias | None
    rows: slice
    weights: FloatArray
    context: FloatArray | None


def attend(block: Block, crew: Crew, groups: slice | None = None, *, phase: str = "all") -> bool:
    """Fill the weights and the context of a block, for some key heads or for all.

    softmax(QKᵀ·scale + bias + mask) and its product with V (Vaswani et al. 2017, eq. 1).
    ``phase`` "scores" leaves the scores before the softmax in the weights' place, and "weights"
    goes on from there, so that a caller may look at them or edit them in between.

    Returns whether all scores were finite in float32, as far as that had to be looked at.
    """
    n_groups, n_keys = block.heads.keys.shape[:2]
    start, stop = (0, n_groups) if groups is None else (groups.start, groups.stop)
    room = CACHED // (4 * max(n_keys, 1))
    queries = block.rows.start, block.rows.stop
    tasks = _tasks(start, stop, block.heads.group, *queries, room, crew.cores)
    finite: list[bool] = []
    crew.each(lambda task: finite.append(_fill(block, phase, *task)), tasks)
    return all(finite)


def _fill(block: Block, phase: str, group: slice, queries: slice) -> bool:
    """One task: some heads and some of the queries."""
    heads, n_keys = block.heads, block.heads.keys.shape[1]
    share, first = heads.group, block.rows.start
    edited = phase == "weights"  # perhaps what the mask hid is seen now
    keys = slice(0, n_keys) if edited else _visible(block.spec, queries, n_keys)
    seen = block.weights[group, queries.start - first : queries.stop - first]
    if keys.stop - keys.start < n_keys:
        hidden = -np.inf if phase == "scores" else 0
        seen[:, :, : keys.start] = hidden
        seen[:, :, keys.stop :] = hidden
        seen = seen[:, :, keys]
    finite = True
    if edited:
        softmax_(seen)
    else:
        score = partial(_scores, block, group, queries, keys, seen)
        finite = score(look=phase == "scores")
        if phase == "scores":
            return finite
        if not plain_softmax_(seen):
            finite = score(look=True)
            softmax_(seen)
    if block.context is not None and heads.values is not None:
        values = _of(heads.values, share, group, keys)
        np.matmul(_shared(seen, share), values, out=_shared(block.context[group, queries], share))
    return finite


@lru_cache(maxsize=64)
def _tasks(
    first: int, last: int, group: int, start: int, stop: int, room: int, cores: int
) -> tuple[tuple[slice, slice], ...]:
    """Heads and blocks of queries from start to stop, with ``room`` for so many rows of scores.

    Heads come in groups that share their keys, from first to last. There is a task for every
    core, if there are heads enough.
    """
    n, n_groups = stop - start, last - first
    height = max(16, room)
    blocks = even(n, -(-n // height))
    fit = max(1, room // max(1, min(height, n)))  # heads whose scores fit together
    count = max(-(-n_groups * group // fit), cores if len(blocks) < cores else 1)
    return tuple(
        (
            slice((first + part.start) * group, (first + part.stop) * group),
            slice(start + block.start, start + block.stop),
        )
        for part in even(n_groups, min(count, n_groups))
        for block in blocks
    )


def _visible(spec: AttentionSpec, block: slice, n_keys: int) -> slice:
    """The keys that any query of the block may see."""
    start = 0 if spec.left is None else max(0, block.start - spec.left)
    stop = n_keys if spec.right is None else min(n_keys, block.stop + spec.right)
    return slice(min(start, n_keys), stop)


def _scores(
    block: Block, group: slice, queries: slice, keys: slice, out: FloatArray, *, look: bool
) -> bool:
    """Scores (head, query, key) of one task, masked, into ``out``.

    Returns whether they were finite before the mask, if asked to ``look``.
    """
    heads, spec, share = block.heads, block.spec, block.heads.group
    keys_turned = _of(heads.keys, share, group, keys).swapaxes(2, 3)
    np.matmul(_shared(heads.queries[group, queries], share), keys_turned, out=_shared(out, share))
    if block.bias is not None:
        block.bias.add(out, group, queries, keys)
    if spec.softcap is not None:
        softcap_(out, spec.softcap)
    finite = not look or (isfinite(out.max(initial=0.0)) and isfinite(out.min(initial=0.0)))
    _mask(spec, queries, keys, out)
    return finite


def _shared(x: FloatArray, share: int) -> FloatArray:
    """x (head, …) seen as (key head, query heads that share it, …)."""
    return x.reshape(len(x) // share, share, *x.shape[1:])


def _of(x: FloatArray, share: int, group: slice, keys: slice) -> FloatArray:
    """The keys or values (key head, 1, key, d_head) that a group of query heads uses."""
    return x[group.start // share : group.stop // share, None, keys]


def _mask(spec: AttentionSpec, block: slice, keys: slice, scores: FloatArray) -> None:
    """Put -inf where a query of the block may not see a key: in the corners of the range."""
    if spec.right is None and spec.left is None:
        return
    queries = np.arange(block.start, block.stop)[:, None]
    if spec.right is not None:
        first = max(keys.start, block.start + spec.right + 1)
        ahead = np.arange(first, keys.stop) > queries + spec.right
        np.copyto(scores[:, :, first - keys.start :], np.float32(-np.inf), where=ahead)
    if spec.left is not None:
        end = max(keys.start, min(keys.stop, block.stop - 1 - spec.left))
        behind = np.arange(keys.start, end) < queries - spec.left
        np.copyto(scores[:, :, : end - keys.start], np.float32(-np.inf), where=behind)


@dataclass(frozen=True, slots=True)
class _Slopes:
    """ALiBi: slope · key position."""

    by_head: FloatArray  # (head,)

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:  # noqa: ARG002
        positions = np.arange(keys.start, keys.stop, dtype=np.float32)
        scores += self.by_head[heads, None, None] * positions


@dataclass(frozen=True, slots=True)
class _ByDistance:
    """A score for each head and each distance key - query, from -(n_queries - 1) on."""

    table: FloatArray  # (head, distance)
    n_queries: int

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:
        rows = sliding_window_view(self.table[heads], keys.stop - keys.start, axis=1)
        last = self.n_queries - queries.stop + keys.start
        scores += rows[:, last : last + queries.stop - queries.start][:, ::-1]


@dataclass(frozen=True, slots=True)
class _Disentangled:
    """DeBERTa's scores between contents and positions, gathered by bucketed distance."""

    c2p: FloatArray | None  # (head, query, relative position)
    p2c: FloatArray | None  # (head, key, relative position)
    spec: Disentangled

    def add(self, scores: FloatArray, heads: slice, queries: slice, keys: slice) -> None:
        far = 2 * self.spec.span - 1
        ahead = np.arange(queries.start, queries.stop)[:, None] - np.arange(keys.start, keys.stop)
        if self.c2p is not None:
            index = np.clip(log_bucket(ahead, self.spec) + self.spec.span, 0, far)
            scores += np.take_along_axis(self.c2p[heads, queries], index[None], axis=2)
        if self.p2c is not None:
            index = np.clip(self.spec.span - log_bucket(-ahead.T, self.spec), 0, far)
            found = np.take_along_axis(self.p2c[heads, keys], index[None], axis=2)
            scores += found.transpose(0, 2, 1)


def score_bias(
    spec: AttentionSpec,
    weights: AttentionWeights,
    heads: Heads,
    table: FloatArray | None,
) -> ScoreBias | None:
    """What positions add to the scores of one sequence.

    ``table`` is the stack's: bucket scores (n_buckets, head), or relative embeddings
    (2 · span, d_model) with their norm applied.
    """
    n_heads, n_queries, d_head = heads.queries.shape
    match spec.bias:
        case None:
            return None
        case ALiBi(factor):
            return _Slopes(alibi_slopes(n_heads) * np.float32(factor))
        case Buckets():
            distance = np.arange(-(n_queries - 1), heads.keys.shape[1], dtype=np.int64)
            found = (table if table is not None else np.empty(0))[bucket_of(distance, spec.bias)]
            return _ByDistance(np.ascontiguousarray(found.T, dtype=np.float32), n_queries)
        case Disentangled() as relative:
            scale = np.float32(spec.scale)
            keys, queries = _positions(spec, relative, weights, table, d_head)
            return _Disentangled(
                None if keys is None else heads.queries @ keys.transpose(0, 2, 1),
                None if queries is None else heads.keys @ (queries * scale).transpose(0, 2, 1),
                relative,
            )


def _positions(
    spec: AttentionSpec,
    relative: Disentangled,
    weights: AttentionWeights,
    table: FloatArray | None,
    d_head: int,
) -> tuple[FloatArray | None, FloatArray | None]:
    """Keys and queries (head, relative position, d_head) made of the relative embeddings."""
    d_query = spec.n_heads * d_head
    to_query, to_key = weights.position_query, weights.position_key
    if relative.shared:
        to_query = weights.qkv.outputs(slice(d_query))
        to_key = weights.qkv.outputs(slice(d_query, d_query + spec.n_kv_heads * d_head))

    def split(projection: Linear | None) -> FloatArray | None:
        if projection is None or table is None:
            return None
        return projection(table).reshape(len(table), -1, d_head).transpose(1, 0, 2)

    return split(to_key) if relative.c2p else None, split(to_query) if relative.p2c else None
