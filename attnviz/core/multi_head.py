"""Multi-head attention over a batch of sequences: projections, attention, output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.core.attention import Block, Heads, attend, attend_to_scores, score
from attnviz.core.buffers import FloatArray, Scratch, empty
from attnviz.core.hooks import AttentionBlock, Kind, LayerState, Request, StateName
from attnviz.core.positions import rotary_table, rotate_
from attnviz.core.score_bias import score_bias
from attnviz.core.spec import AttentionSpec, Rotary
from attnviz.core.threads import Sharing
from attnviz.core.weights import AttentionWeights, NormWeights

__all__ = ["Batch", "Sublayer", "SublayerOutput", "multi_head", "parts_of"]

BLOCK = 1 << 25
"""Bytes of weights shown at once, where the caller gives no place for a whole map."""

SublayerOutput = Callable[[slice], FloatArray]
"""What a sublayer adds to the hidden states, (row, d_model) for some of their rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Sequences on their way through a stack, without padding, and what its layers share."""

    parts: list[slice]  # the rows of each sequence
    request: Request
    sharing: Sharing
    memory: tuple[FloatArray, ...] = ()  # the encoder's hidden states of each
    scratch: Scratch = field(default_factory=Scratch)
    _rotations: list[tuple[Rotary, tuple[FloatArray, FloatArray]]] = field(default_factory=list)

    @property
    def n(self) -> int:
        """How many rows there are."""
        return int(self.parts[-1].stop)

    def rows(self, function: Callable[[slice], None]) -> None:
        """Call a function on blocks of all rows, in their order where somebody watches."""
        sharing = self.sharing if self.request.watch is None else self.sharing.ordered()
        sharing.rows(function, self.n)

    def show(
        self, name: StateName, kind: Kind, layer: int, rows: slice, values: FloatArray
    ) -> None:
        """Let the request watch the hidden states (row, d_model) of some rows."""
        if self.request.watch is None:
            return
        for number, part in enumerate(self.parts):
            start, stop = max(part.start, rows.start), min(part.stop, rows.stop)
            if start < stop:
                mine = values[start - rows.start : stop - rows.start]
                first = part.start
                self.request.watch(
                    LayerState(name, kind, layer, number, start - first, stop - first, mine)
                )

    def rotation(self, rotary: Rotary) -> tuple[FloatArray, FloatArray]:
        """Cosines and sines for every row; each sequence by its own length."""
        for known, tables in self._rotations:
            if known == rotary:
                return tables
        each = [rotary_table(rotary, part.stop - part.start) for part in self.parts]
        cos, sin = (np.concatenate(side) for side in zip(*each, strict=True))
        self._rotations.append((rotary, (cos, sin)))
        return cos, sin


def parts_of(sequences: Sequence[npt.NDArray[Any]]) -> list[slice]:
    """The rows of each sequence in the batch."""
    bounds = np.cumsum([0, *map(len, sequences)]).tolist()
    return [slice(a, b) for a, b in pairwise(bounds)]


@dataclass(frozen=True, slots=True, eq=False)
class Sublayer:
    """The self-attention or cross attention of one layer; ``table`` is for score biases."""

    batch: Batch
    kind: Kind
    index: int
    spec: AttentionSpec
    weights: AttentionWeights
    table: FloatArray | None

    @property
    def sides(self) -> tuple[slice, slice, slice]:
        """Where queries, keys and values lie among all that is projected."""
        d_query, d_key = (
            self.spec.n_heads * self.spec.d_head,
            self.spec.n_kv_heads * self.spec.d_head,
        )
        ends = d_query, d_query + d_key, d_query + 2 * d_key
        return slice(0, ends[0]), slice(ends[0], ends[1]), slice(ends[1], ends[2])


def multi_head(
    sublayer: Sublayer, layer_input: SublayerOutput, *, need_output: bool
) -> SublayerOutput | None:
    """Concat(head₁ … headₕ) Wᴼ, headᵢ = Attention(QWᵢ, KWᵢ, VWᵢ) (Vaswani et al. 2017, sec. 3.2.2).

    ``layer_input`` gives the hidden states (row, d_model) of the batch block by block. The
    request sees every block of weights. Returns what is to be added to the hidden states, or
    None without ``need_output``; then nothing behind the weights is computed.
    """
    batch, spec = sublayer.batch, sublayer.spec
    projected = _project(sublayer, layer_input, need_output=need_output)
    context = batch.scratch.buffer("context", batch.n, spec.n_heads * spec.d_head)
    if need_output or batch.request.wants(sublayer.kind, sublayer.index):
        for number, heads in enumerate(_heads(sublayer, projected, need_output=need_output)):
            rows = batch.parts[number]
            _attend(sublayer, number, heads, _split(context[rows], spec) if need_output else None)
    if not need_output:
        return None
    return lambda rows: sublayer.weights.output(context[rows], sharing=batch.sharing)


def _project(sublayer: Sublayer, layer_input: SublayerOutput, *, need_output: bool) -> FloatArray:
    """Queries, keys and values (row, feature) side by side, as far as they are needed.

    One product instead of three, laid out by feature. Cross attention projects queries alone.
    """
    batch, weights = sublayer.batch, sublayer.weights
    queries, keys, values = sublayer.sides
    width = queries if sublayer.kind == "cross" else values if need_output else keys
    needed = slice(0, width.stop)
    projected = batch.scratch.states("projected", batch.n, needed.stop)

    def project(rows: slice) -> None:
        x = layer_input(rows)
        batch.show(_input_of(sublayer.kind), sublayer.kind, sublayer.index, rows, x)
        weights.qkv.outputs(needed)(x, out=projected[rows], sharing=batch.sharing)
        _position_queries(sublayer, projected[rows, queries], rows)
        if sublayer.kind != "cross":
            _position_keys(sublayer, projected[rows, keys], rows)

    batch.rows(project)
    return projected


def _input_of(kind: Kind) -> StateName:
    return "cross_input" if kind == "cross" else "attention_input"


def _position_queries(sublayer: Sublayer, x: FloatArray, rows: slice) -> None:
    """Norm, rotate and scale projected queries (row, head · d_head) in place."""
    _norm_and_rotate(sublayer, x, sublayer.weights.query_norm, rows)
    if sublayer.spec.scale != 1.0:
        x *= np.float32(sublayer.spec.scale)


def _position_keys(sublayer: Sublayer, x: FloatArray, rows: slice) -> None:
    """Norm and rotate projected keys (row, key head · d_head) in place."""
    _norm_and_rotate(sublayer, x, sublayer.weights.key_norm, rows)


def _norm_and_rotate(
    sublayer: Sublayer, x: FloatArray, norm: NormWeights | None, rows: slice
) -> None:
    spec = sublayer.spec
    heads = x.reshape(len(x), -1, spec.d_head)
    if norm is not None:
        x[...] = norm(x if spec.qk_norm_over == "all" else heads).reshape(x.shape)
    if spec.rotary is not None and sublayer.kind != "cross":
        cos, sin = sublayer.batch.rotation(spec.rotary)
        rotate_(heads, cos[rows], sin[rows], interleaved=spec.rotary.interleaved)


def _heads(sublayer: Sublayer, projected: FloatArray, *, need_output: bool) -> list[Heads]:
    """The queries, keys and values of each sequence; cross attention has keys of the memory."""
    batch, spec = sublayer.batch, sublayer.spec
    queries, keys, values = sublayer.sides
    if sublayer.kind == "cross":
        states = _project_memory(sublayer)
        width = states.shape[1] // 2
        sides, seen = (states[:, :width], states[:, width:]), parts_of(batch.memory)
    else:
        sides, seen = (projected[:, keys], projected[:, values]), batch.parts
    q, (k, v) = _split(projected[:, queries], spec), (_split(side, spec) for side in sides)
    return [
        Heads(q[:, mine], k[:, others], v[:, others] if need_output else None)
        for mine, others in zip(batch.parts, seen, strict=True)
    ]


def _project_memory(sublayer: Sublayer) -> FloatArray:
    """Keys and values (row, feature) of the encoder's hidden states, side by side."""
    _, keys, values = sublayer.sides
    to_both = sublayer.weights.qkv.outputs(slice(keys.start, values.stop))
    memory = np.concatenate(sublayer.batch.memory)
    states = to_both(memory, sharing=sublayer.batch.sharing)
    _position_keys(sublayer, states[:, : states.shape[1] // 2], slice(0, len(memory)))
    return states


def _split(x: FloatArray, spec: AttentionSpec) -> FloatArray:
    """x (token, head · d_head) seen as (head, token, d_head)."""
    return x.reshape(len(x), -1, spec.d_head).transpose(1, 0, 2)


def _attend(sublayer: Sublayer, number: int, heads: Heads, context: FloatArray | None) -> None:
    """Attend in one sequence block by block; the request edits and sees each."""
    request, sharing = sublayer.batch.request, sublayer.batch.sharing
    wanted = request.wants(sublayer.kind, sublayer.index)
    (n_heads, n, _), m = heads.queries.shape, heads.keys.shape[1]
    place = None
    if wanted and request.place:
        place = request.place(sublayer.kind, sublayer.index, number)
    height = n if place is not None else max(1, min(n, BLOCK // (4 * n_heads * max(m, 1))))
    weights = empty(n_heads, height, m) if place is None else place
    bias = score_bias(sublayer.spec, sublayer.weights, heads.queries, heads.keys, sublayer.table)
    for start in range(0, n, height):
        rows = slice(start, min(start + height, n))
        block = Block(heads, sublayer.spec, bias, rows, weights[:, : rows.stop - start], context)
        finite = score(block, sharing) if request.edit else attend(block, sharing)
        if request.edit:
            request.edit(_shown(sublayer, number, block, finite=finite))
            attend_to_scores(block, sharing)
        if wanted:
            request.visit(_shown(sublayer, number, block, finite=finite))


def _shown(sublayer: Sublayer, number: int, block: Block, *, finite: bool) -> AttentionBlock:
    """A block as the request sees it."""
    rows, context = block.rows, block.context
    return AttentionBlock(
        sublayer.kind,
        sublayer.index,
        number,
        rows.start,
        rows.stop,
        block.weights,
        block.heads,
        finite,
        None if context is None else context[:, rows],
    )
