"""The position encodings of a checkpoint, read or computed as a run does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.positions import MOST, Encoding, PositionTable, alike
from attnviz.core.buffers import FloatArray
from attnviz.core.embedding import absolute_positions
from attnviz.core.positions import alibi_slopes, bucket_of, log_bucket, rotary_table
from attnviz.core.spec import (
    ALiBi,
    AttentionSpec,
    Buckets,
    Disentangled,
    ModelSpec,
    PositionSpec,
    Rotary,
    StackSpec,
)
from attnviz.core.weights import Weights
from attnviz.errors import InputError

Found = TypeVar("Found")
IntArray = npt.NDArray[np.int64]


def position_tables(spec: ModelSpec, weights: Weights, n: int) -> tuple[PositionTable, ...]:
    """Everything that tells a model where tokens are, for n positions; nothing where nothing does.

    Raises InputError for a number of positions that nobody could look at.
    """
    if not 1 <= n <= MOST:
        raise InputError(f"positions {n} cannot be shown; take 1 to {MOST}")
    found: list[PositionTable] = []
    for stack in spec.stacks:
        name = stack.kind if len(spec.stacks) > 1 else ""
        if stack.embedding.positions:
            found.append(_absolute(stack, stack.embedding.positions, weights, name, n))
        for rotary, where in _by_layer(stack, lambda _, attention: attention.rotary, name):
            found.append(_rotary(rotary, where, n))
        for (attention, own), where in _by_layer(stack, _biased, name):
            table = _relative(stack, own, weights)
            found.append(_bias(attention, table, where, n))
    return tuple(found)


def _by_layer(
    stack: StackSpec, of: Callable[[int, AttentionSpec], Found | None], name: str
) -> Iterator[tuple[Found, str]]:
    """What layers have, each once, and which of them do."""
    layers: list[tuple[Found, list[int]]] = []
    for number, layer in enumerate(stack.layers):
        found = of(number, layer.attention)
        known = next((numbers for other, numbers in layers if other == found), None)
        if known is not None:
            known.append(number)
        elif found is not None:
            layers.append((found, [number]))
    for found, numbers in layers:
        some = len(numbers) < len(stack.layers)
        which = f"layer{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}" if some else ""
        yield found, " of the ".join(filter(None, (which, name)))


def _absolute(
    stack: StackSpec, spec: PositionSpec, weights: Weights, where: str, n: int
) -> PositionTable:
    """What is added to the embeddings of the first positions that a text has."""
    first = spec.offset if spec.pad_id is None else spec.pad_id + 1
    learned = spec.kind == "learned"
    room = spec.size - first if learned else n
    rows = np.arange(min(n, room), dtype=np.int64)
    d = stack.d_model if stack.embedding.project == "tokens" else stack.embedding.d_embedding
    table = absolute_positions(weights, stack.kind, spec, rows + first, d).astype(np.float64)
    kind: Encoding = "learned" if learned else "sinusoidal"
    return PositionTable(kind, table, rows, where, alike(table), size=room if learned else None)


def _rotary(rotary: Rotary, where: str, n: int) -> PositionTable:
    """The cosines of n positions; how alike two are is the mean cosine of what lies between."""
    cos, sin = (table.astype(np.float64) for table in rotary_table(rotary, n))
    scale = float(np.hypot(cos[0], sin[0]).mean()) or 1.0  # of yarn and longrope
    cos, sin = cos / scale, sin / scale
    second = rotary_table(rotary, max(n, 2))
    frequencies = np.arctan2(second[1][1], second[0][1]).astype(np.float64)
    between = (cos @ cos.T + sin @ sin.T) / cos.shape[1]
    rows = np.arange(n, dtype=np.int64)
    return PositionTable("rotary", cos, rows, where, between, frequencies)


def _biased(number: int, attention: AttentionSpec) -> tuple[AttentionSpec, int | None] | None:
    """An attention with a score bias, and its layer where that has a table of its own."""
    if attention.bias is None:
        return None
    own = isinstance(attention.bias, Buckets) and attention.bias.own
    return attention, number if own else None


def _relative(stack: StackSpec, own: int | None, weights: Weights) -> FloatArray | None:
    """The table of a stack, or of one of its layers."""
    if own is not None:
        layer = stack.layers[own]
        return weights.layer(f"{stack.kind}.{own}", layer, stack.d_model).attention.relative
    return weights.stack(stack).relative


def _bias(spec: AttentionSpec, table: FloatArray | None, where: str, n: int) -> PositionTable:
    """What distances add to scores, or the embeddings that they have."""
    back = np.arange(-(n - 1), 1, dtype=np.int64)
    both = np.arange(-(n - 1), n, dtype=np.int64)
    if isinstance(spec.bias, ALiBi):
        slopes = alibi_slopes(spec.n_heads).astype(np.float64) * spec.bias.factor
        return PositionTable("alibi", back[:, None] * slopes, back, where)
    table = np.empty((0, 0), np.float32) if table is None else table
    if isinstance(spec.bias, Buckets):
        rows = both if spec.bias.bidirectional else back
        values = table[bucket_of(rows, spec.bias)].astype(np.float64)
        return PositionTable("buckets", values, rows, where)
    if not isinstance(spec.bias, Disentangled):
        raise TypeError(f"{type(spec.bias).__name__} is no score bias")
    places = np.clip(log_bucket(-both, spec.bias) + spec.bias.span, 0, 2 * spec.bias.span - 1)
    return PositionTable("disentangled", table[places].astype(np.float64), both, where)
