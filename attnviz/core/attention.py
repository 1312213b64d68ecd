"""softmax(QKᵀ/√d + bias + mask) V (Vaswani et al. 2017, eq. 1), block by block of sequences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.functional import softcap_, softmax_, unshifted_softmax_
from attnviz.core.score_bias import ScoreBias
from attnviz.core.spec import AttentionSpec
from attnviz.core.threads import Sharing, even

CACHED = 1 << 19  # bytes of scores at a time; causal ones skip the keys ahead: 0.75 at 512 tokens
HEIGHT = 256  # of queries at a time at least: with 64, 2,048 tokens and more take 1.4 of the time
WORTH = 1 << 16  # scores from which on heads are shared; fewer are done sooner than handed over


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Queries (n_heads, query, d_head), keys and values (n_kv_heads, key, d_head).

    Queries are already multiplied by the scale 1/√d; values are None where no context is wanted.
    Query heads share keys in groups (Ainslie et al. 2023): n_heads / n_kv_heads each, in order.
    Sequences of one length may stand side by side, as the first axis of all that is here.
    """

    queries: FloatArray
    keys: FloatArray
    values: FloatArray | None

    @property
    def group(self) -> int:
        """How many query heads share one key head."""
        return int(self.queries.shape[-3] // self.keys.shape[-3])

    def part(self, which: slice, queries: slice, keys: slice = slice(None)) -> Heads:
        """Some heads, whole groups of them or one, some of their queries and keys."""
        shared = slice(which.start // self.group, -(-which.stop // self.group))
        values = None if self.values is None else self.values[..., shared, keys, :]
        return Heads(self.queries[..., which, queries, :], self.keys[..., shared, keys, :], values)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Queries ``rows`` of sequences, all their keys, and where what comes of them belongs.

    ``weights`` is (…, head, rows, key), ``context`` (…, head, rows, d_value) or None; ``which``
    heads of the layer these are, with ``sinks`` (head, 1, 1).
    """

    heads: Heads
    spec: AttentionSpec
    bias: ScoreBias | None
    rows: slice
    weights: FloatArray
    context: FloatArray | None
    which: slice = field(default_factory=lambda: slice(None))
    sinks: FloatArray | None = None

    def part(self, which: slice, rows: slice) -> Block:
        """Some heads, whole groups of them, and some queries."""
        here = slice(rows.start - self.rows.start, rows.stop - self.rows.start)
        heads, weights = self.heads.part(which, here), self.weights[..., which, here, :]
        context = None if self.context is None else self.context[..., which, here, :]
        sinks = None if self.sinks is None else self.sinks[which]
        return Block(heads, self.spec, self.bias, rows, weights, context, which, sinks)


def attend(block: Block) -> bool:
    """Fill weights and context: softmax(QKᵀ/√d + bias + mask) V (Vaswani et al. 2017, eq. 1).

    Returns whether all scores were finite in float32, as far as that had to be looked at.
    """
    keys, finite = _visible(block), True
    weights = _only(keys, block.weights, 0)
    _masked_scores_(block, keys, weights)
    few = even(weights.shape[-2], 1 + weights.nbytes // max(1, CACHED))  # 0.9 at 32,768 tokens
    if not all(unshifted_softmax_(weights[..., rows, :], block.sinks) for rows in few):
        finite = _masked_scores_(block, keys, weights, look=True)
        softmax_(weights, block.sinks)
    if block.context is not None and block.heads.values is not None:
        context_(weights, block.heads.values[..., keys, :], block.context)
    return finite


def score(block: Block) -> bool:
    """Fill the weights with the scores before the softmax; whether they were finite."""
    keys = _visible(block)
    return _masked_scores_(block, keys, _only(keys, block.weights, -np.inf), look=True)


def attend_to_scores(block: Block) -> bool:
    """Turn scores, which may have been edited since, into weights and context."""
    softmax_(block.weights, block.sinks)  # of all keys: perhaps what the mask hid is seen now
    if block.context is not None and block.heads.values is not None:
        context_(block.weights, block.heads.values, block.context)
    return True


def _masked_scores_(block: Block, keys: slice, out: FloatArray, *, look: bool = False) -> bool:
    """QKᵀ/√d + bias, capped, masked; whether it was finite before the mask, if to ``look``."""
    scores_(block.heads.queries, block.heads.keys[..., keys, :], out)
    if block.bias is not None:
        block.bias.add(out, block.which, block.rows, keys)
    if block.spec.softcap is not None:
        softcap_(out, block.spec.softcap)
    finite = not look or bool(np.isfinite(out.max(initial=0)) and np.isfinite(out.min(initial=0)))
    mask_(out, block.spec, block.rows, keys)
    return finite


def scores_(queries: FloatArray, keys: FloatArray, out: FloatArray) -> FloatArray:
    """QKᵀ (Vaswani et al. 2017, eq. 1) into ``out`` (…, head, query, key).

    Queries (…, head, query, d_head) come scaled by 1/√d; keys are (…, key head, key, d_head), and
    heads in their order share them.
    """
    n_groups, shared = keys.shape[-3], keys[..., None, :, :]
    np.matmul(_grouped(queries, n_groups), shared.mT, out=_grouped(out, n_groups))
    return out


def mask_(scores: FloatArray, spec: AttentionSpec, queries: slice, keys: slice) -> FloatArray:
    """Put -inf into scores (…, query, key) where a query may not see a key, in place.

    Causal attention hides the keys behind the query (``right`` 0; Vaswani et al. 2017, sec.
    3.2.3), a window those too far before it or behind (Beltagy et al. 2020, sec. 3.1). Which they
    are, ``queries`` and ``keys`` say. Only the corners, where the bound runs, are compared.
    """
    rows = np.arange(queries.start, queries.stop)[:, None]
    if spec.right is not None:  # 0: causal
        first = max(keys.start, queries.start + spec.right + 1)
        ahead = np.arange(first, keys.stop) > rows + spec.right
        np.copyto(scores[..., first - keys.start :], np.float32(-np.inf), where=ahead)
    if spec.left is not None:
        end = max(keys.start, min(keys.stop, queries.stop - 1 - spec.left))
        behind = np.arange(keys.start, end) < rows - spec.left
        np.copyto(scores[..., : end - keys.start], np.float32(-np.inf), where=behind)
    return scores


def context_(weights: FloatArray, values: FloatArray, out: FloatArray) -> FloatArray:
    """weights · V (Vaswani et al. 2017, eq. 1) into ``out`` (…, head, query, d_head).

    Weights are (…, head, query, key), values (…, key head, key, d_head), shared as keys are.
    """
    n_groups, shared = values.shape[-3], values[..., None, :, :]
    np.matmul(_grouped(weights, n_groups), shared, out=_grouped(out, n_groups))
    return out


def _grouped(x: FloatArray, n_groups: int) -> FloatArray:
    """x (…, head, row, column) seen as (…, key head, query heads that share it, row, column)."""
    return x.reshape(*x.shape[:-3], n_groups, x.shape[-3] // n_groups, *x.shape[-2:])


def _visible(block: Block) -> slice:
    """The keys that any query of a block may see; what lies outside is not computed."""
    spec, n_keys = block.spec, block.heads.keys.shape[-2]
    start = 0 if spec.left is None else min(n_keys, max(0, block.rows.start - spec.left))
    stop = n_keys if spec.right is None else min(n_keys, block.rows.stop + spec.right)
    return slice(start, max(start, stop))


def _only(keys: slice, weights: FloatArray, hidden: float) -> FloatArray:
    """The weights (…, query, key) of these keys; those of all others are ``hidden``."""
    weights[..., : keys.start] = hidden
    weights[..., keys.stop :] = hidden
    return weights[..., keys]


def share(function: Callable[[Block], bool], block: Block, sharing: Sharing | None) -> bool:
    """Call one of these functions on parts of a block, or all; whether it always returned True."""
    if sharing is None or block.weights.size < WORTH:
        return function(block)
    (n_groups, n_keys), rows = block.heads.keys.shape[-3:-1], block.rows
    room = CACHED // (4 * n_keys)
    tasks = _tasks(n_groups, block.heads.group, rows.start, rows.stop, room, sharing.cores)
    found: list[bool] = []
    sharing.each(lambda task: found.append(function(block.part(*task))), tasks)
    return all(found)


@lru_cache(maxsize=64)
def _tasks(
    n_groups: int, group: int, start: int, stop: int, room: int, cores: int
) -> tuple[tuple[slice, slice], ...]:
    """Heads and blocks of queries with ``room`` for their rows of scores, one a core at least."""
    n = stop - start
    height = max(HEIGHT, room)
    blocks = even(n, -(-n // height))
    fit = max(1, room // max(1, min(height, n)))  # heads whose scores fit together
    count = max(-(-n_groups * group // fit), cores if len(blocks) < cores else 1)
    parts = even(n_groups, min(count, n_groups))
    heads = [slice(part.start * group, part.stop * group) for part in parts]
    rows = [slice(start + block.start, start + block.stop) for block in blocks]
    return tuple(product(heads, rows))
