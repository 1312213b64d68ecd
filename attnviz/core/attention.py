"""softmax(QKᵀ/√d + bias + mask) V (Vaswani et al. 2017, eq. 1), block by block of one sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.functional import softcap_, softmax_, unshifted_softmax_
from attnviz.core.score_bias import ScoreBias
from attnviz.core.spec import AttentionSpec
from attnviz.core.threads import Sharing, even

__all__ = ["Block", "Heads", "attend", "attend_to_scores", "context_", "mask_", "score", "scores_"]

CACHED = 1 << 19
"""Bytes of scores worked on at a time, so that softmax finds them in the cache."""

WORTH = 1 << 16
"""Scores from which on heads are shared; fewer are done sooner than handed to a thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Queries (n_heads, query, d_head), keys and values (n_kv_heads, key, d_head).

    Queries are already multiplied by the scale 1/√d; values are None where no context is wanted.
    Query heads share keys in groups (Ainslie et al. 2023): n_heads / n_kv_heads each, in order.
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


Task = tuple[slice, slice]
"""Some heads, and some queries of the sequence."""


def attend(block: Block, sharing: Sharing) -> bool:
    """Fill the weights and the context of a block: softmax(QKᵀ/√d + bias + mask) V.

    Returns whether all scores were finite in float32, as far as that had to be looked at.
    """
    finite: list[bool] = []
    sharing.each(lambda task: finite.append(_attention(block, *task)), _tasks_of(block, sharing))
    return all(finite)


def score(block: Block, sharing: Sharing) -> bool:
    """Fill the weights of a block with the scores before the softmax; whether they were finite."""
    finite: list[bool] = []
    sharing.each(lambda task: finite.append(_scored(block, *task)), _tasks_of(block, sharing))
    return all(finite)


def attend_to_scores(block: Block, sharing: Sharing) -> None:
    """Turn scores, which may have been edited since, into weights and context."""
    every = slice(0, block.heads.keys.shape[1])  # perhaps what the mask hid is seen now
    sharing.each(
        lambda task: _weigh(block, softmax_(_part(block, *task)), *task, every),
        _tasks_of(block, sharing),
    )


def _attention(block: Block, heads: slice, queries: slice) -> bool:
    """Attention of some heads and queries (Vaswani et al. 2017, eq. 1)."""
    keys = visible(block.spec, queries, block.heads.keys.shape[1])
    weights = _only(keys, _part(block, heads, queries), 0)
    finite = True
    masked_scores = partial(_masked_scores_, block, heads, queries, keys, weights)
    masked_scores()
    if not unshifted_softmax_(weights):
        finite = masked_scores(look=True)
        softmax_(weights)
    _weigh(block, weights, heads, queries, keys)
    return finite


def _scored(block: Block, heads: slice, queries: slice) -> bool:
    """The scores of some heads and queries alone, -inf where a query may not see a key."""
    keys = visible(block.spec, queries, block.heads.keys.shape[1])
    out = _only(keys, _part(block, heads, queries), -np.inf)
    return _masked_scores_(block, heads, queries, keys, out, look=True)


def _masked_scores_(
    block: Block, heads: slice, queries: slice, keys: slice, out: FloatArray, *, look: bool = False
) -> bool:
    """QKᵀ/√d + bias, capped, masked; whether it was finite before the mask, if to ``look``."""
    spec = block.spec
    scores_(block.heads.queries[heads, queries], _shared(block.heads.keys, block, heads, keys), out)
    if block.bias is not None:
        block.bias.add(out, heads, queries, keys)
    if spec.softcap is not None:
        softcap_(out, spec.softcap)
    finite = not look or bool(np.isfinite(out.max(initial=0)) and np.isfinite(out.min(initial=0)))
    mask_(out, spec, queries, keys)
    return finite


def _weigh(block: Block, weights: FloatArray, heads: slice, queries: slice, keys: slice) -> None:
    """The context of some heads and queries, if it is wanted."""
    if block.context is not None and block.heads.values is not None:
        values = _shared(block.heads.values, block, heads, keys)
        context_(weights, values, block.context[heads, queries])


def scores_(queries: FloatArray, keys: FloatArray, out: FloatArray) -> FloatArray:
    """QKᵀ (Vaswani et al. 2017, eq. 1) into ``out`` (head, query, key).

    Queries (head, query, d_head) come scaled by 1/√d; keys are (key head, key, d_head), and heads
    in their order share them.
    """
    n_groups = len(keys)
    np.matmul(_grouped(queries, n_groups), keys[:, None].mT, out=_grouped(out, n_groups))
    return out


def mask_(scores: FloatArray, spec: AttentionSpec, queries: slice, keys: slice) -> FloatArray:
    """Put -inf into scores (head, query, key) where a query may not see a key, in place.

    Causal attention hides the keys behind the query (``right`` 0; Vaswani et al. 2017, sec.
    3.2.3), a window those too far before it or behind (Beltagy et al. 2020, sec. 3.1).
    ``queries`` and ``keys`` say which of the sequence these are. Only the corners are visited:
    np.where over all scores takes three times as long at 512 tokens.
    """
    rows = np.arange(queries.start, queries.stop)[:, None]
    if spec.right is not None:  # 0 in causal attention
        first = max(keys.start, queries.start + spec.right + 1)
        ahead = np.arange(first, keys.stop) > rows + spec.right
        np.copyto(scores[:, :, first - keys.start :], np.float32(-np.inf), where=ahead)
    if spec.left is not None:
        end = max(keys.start, min(keys.stop, queries.stop - 1 - spec.left))
        behind = np.arange(keys.start, end) < rows - spec.left
        np.copyto(scores[:, :, : end - keys.start], np.float32(-np.inf), where=behind)
    return scores


def context_(weights: FloatArray, values: FloatArray, out: FloatArray) -> FloatArray:
    """weights · V (Vaswani et al. 2017, eq. 1) into ``out`` (head, query, d_head).

    Weights are (head, query, key), values (key head, key, d_head), shared as keys are.
    """
    n_groups = len(values)
    np.matmul(_grouped(weights, n_groups), values[:, None], out=_grouped(out, n_groups))
    return out


def _grouped(x: FloatArray, n_groups: int) -> FloatArray:
    """x (head, …) seen as (key head, query heads that share it, …)."""
    return x.reshape(n_groups, len(x) // n_groups, *x.shape[1:])


def visible(spec: AttentionSpec, queries: slice, n_keys: int) -> slice:
    """The keys that any of the queries may see; what lies outside is not computed."""
    start = 0 if spec.left is None else max(0, queries.start - spec.left)
    stop = n_keys if spec.right is None else min(n_keys, queries.stop + spec.right)
    start = min(start, n_keys)
    return slice(start, max(start, stop))


def _only(keys: slice, weights: FloatArray, hidden: float) -> FloatArray:
    """The weights (head, query, key) of these keys; those of all others are ``hidden``."""
    weights[:, :, : keys.start] = hidden
    weights[:, :, keys.stop :] = hidden
    return weights[:, :, keys]


def _part(block: Block, heads: slice, queries: slice) -> FloatArray:
    """Where the weights of some heads and queries belong."""
    first = block.rows.start
    return block.weights[heads, queries.start - first : queries.stop - first]


def _shared(x: FloatArray, block: Block, heads: slice, keys: slice) -> FloatArray:
    """The keys or values (key head, key, d_head) that some query heads use."""
    group = block.heads.group
    return x[heads.start // group : heads.stop // group, keys]


def _tasks_of(block: Block, sharing: Sharing) -> tuple[Task, ...]:
    n_groups, n_keys = block.heads.keys.shape[:2]
    n_scores = len(block.weights) * (block.rows.stop - block.rows.start) * n_keys
    threads = sharing.cores if n_scores >= WORTH else 1
    room = CACHED // (4 * max(n_keys, 1))
    return _tasks(n_groups, block.heads.group, block.rows.start, block.rows.stop, room, threads)


@lru_cache(maxsize=64)
def _tasks(
    n_groups: int, group: int, start: int, stop: int, room: int, threads: int
) -> tuple[Task, ...]:
    """Heads and blocks of queries from start to stop, with ``room`` for so many rows of scores.

    Blocks of 512 kB stay in the cache: @BLOCKS@.
    There is a task for every thread, if there are groups of heads enough.
    """
    n = stop - start
    height = max(16, room)
    blocks = even(n, -(-n // height))
    fit = max(1, room // max(1, min(height, n)))  # heads whose scores fit together
    count = max(-(-n_groups * group // fit), threads if len(blocks) < threads else 1)
    return tuple(
        (
            slice(part.start * group, part.stop * group),
            slice(start + block.start, start + block.stop),
        )
        for part in even(n_groups, min(count, n_groups))
        for block in blocks
    )
