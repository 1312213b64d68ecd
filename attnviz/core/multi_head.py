"""Multi-head attention over a batch of sequences: projections, attention, output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from attnviz.core.attention import HEIGHT, Block, Heads, attend, attend_to_scores, score, share
from attnviz.core.buffers import FloatArray, states
from attnviz.core.hooks import AttentionBlock, Kind, LayerState, Request
from attnviz.core.key_value_cache import KeysAndValues, KeyValueCache
from attnviz.core.positions import rotary_table, rotate_
from attnviz.core.score_bias import score_bias
from attnviz.core.spec import AttentionSpec, Rotary
from attnviz.core.threads import Sharing, even
from attnviz.core.weights import AttentionWeights, LatentWeights, Linear, NormWeights

BLOCK = 1 << 26  # bytes of weights shown at once, where the caller gives no place for a whole map
ROWS = 64  # of queries shown at once at least, however many keys there are


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Sequences on their way through a stack, without padding, and what its layers share."""

    kind: Literal["encoder", "decoder"]
    parts: list[slice]  # the rows of each sequence
    alike: list[range]  # neighbours of one length, whose attention is computed together
    request: Request
    sharing: Sharing
    memory: tuple[FloatArray, ...] = ()  # the encoder's hidden states of each
    past: KeyValueCache | None = None  # what the decoder remembers of the tokens before these
    _rotations: list[tuple[Rotary, tuple[FloatArray, FloatArray]]] = field(default_factory=list)

    @property
    def start(self) -> int:
        """How many tokens of each sequence were read before."""
        return self.past.n_read if self.past else 0

    def show(self, name: str, layer: int, values: FloatArray) -> None:
        """Let the request watch the hidden states (row, d_model) of each sequence."""
        if self.request.watch:
            for number, part in enumerate(self.parts):
                self.request.watch(LayerState(name, self.kind, layer, number, values[part]))

    def rotation(self, rotary: Rotary) -> tuple[FloatArray, FloatArray]:
        """Cosines and sines for every row; each sequence by its own length."""
        for known, tables in self._rotations:
            if known == rotary:
                return tables
        start = self.start
        each = [rotary_table(rotary, start + part.stop - part.start) for part in self.parts]
        cos, sin = (np.concatenate([t[start:] for t in side]) for side in zip(*each, strict=True))
        self._rotations.append((rotary, (cos, sin)))
        return cos, sin

    def stacked(self, x: FloatArray, parts: list[slice]) -> list[FloatArray]:
        """x (head, row, feature) as (sequence, head, token, feature) of those alike."""
        ends = [(parts[run.start].start, parts[run.stop - 1].stop) for run in self.alike]
        return [
            x[:, a:b].reshape(len(x), len(run), (b - a) // len(run), x.shape[2]).swapaxes(0, 1)
            for run, (a, b) in zip(self.alike, ends, strict=True)
        ]


def parts_of(sequences: Sequence[npt.NDArray[Any]]) -> list[slice]:
    """The rows of each sequence in the batch."""
    bounds = np.cumsum([0, *map(len, sequences)]).tolist()
    return [slice(a, b) for a, b in pairwise(bounds)]


@dataclass(frozen=True, slots=True, eq=False)
class Sublayer:
    """The self-attention or cross attention of one layer; ``table`` is for score biases.

    Without ``need_output``, nothing behind the weights is computed.
    """

    batch: Batch
    kind: Kind
    index: int
    spec: AttentionSpec
    weights: AttentionWeights
    table: FloatArray | None
    need_output: bool

    @property
    def need_values(self) -> bool:
        """Whether values are projected: for the context, or to be shown."""
        return self.need_output or self.batch.request.values

    def split(self, x: FloatArray, d_head: int | None = None) -> FloatArray:
        """x (token, head · d_head) seen as (head, token, d_head)."""
        d_head = d_head or self.spec.d_head
        return x.reshape(len(x), x.shape[1] // d_head, d_head).transpose(1, 0, 2)


def multi_head(sublayer: Sublayer, x: FloatArray) -> FloatArray | None:
    """Concat(head₁ … headₕ) Wᴼ, headᵢ = Attention(QWᵢ, KWᵢ, VWᵢ) (Vaswani et al. 2017, sec. 3.2.2).

    ``x`` (row, d_model) is the sublayer's input. The request sees every block of weights. Returns
    what is to be added to the hidden states, (row, d_model), if that is needed.
    """
    batch, spec = sublayer.batch, sublayer.spec
    heads, width = _heads(sublayer, _project(sublayer, x)), spec.value_width
    context = np.empty((len(x), spec.n_heads * width), np.float32)  # heads side by side
    places = batch.stacked(sublayer.split(context, width), batch.parts)
    if sublayer.need_output or batch.request.wants(sublayer.kind, sublayer.index):
        for numbers, mine, place in zip(batch.alike, heads, places, strict=True):
            _attend(sublayer, numbers, mine, place if sublayer.need_output else None)
    return sublayer.weights.output(context, batch.sharing) if sublayer.need_output else None


def _project(sublayer: Sublayer, x: FloatArray) -> FloatArray:
    """Queries, keys and values (row, feature) of x as needed, one product instead of three."""
    spec, weights, crosses = sublayer.spec, sublayer.weights, sublayer.kind == "cross"
    queries, keys, values = spec.sides
    width = (queries if crosses else values if sublayer.need_values else keys).stop
    if weights.latent and weights.memory:
        projected = _from_latent(sublayer, weights.latent, weights.memory, x, width)
    else:
        projected = weights.qkv.outputs(slice(0, width))(x, sublayer.batch.sharing)
    _norm_and_rotate(sublayer, projected[:, queries], weights.query_norm)
    if spec.scale != 1.0:
        projected[:, queries] *= np.float32(spec.scale)
    if not crosses:
        _norm_and_rotate(sublayer, projected[:, keys], weights.key_norm)
    return projected


def _from_latent(
    sublayer: Sublayer, latent: LatentWeights, expand: Linear, x: FloatArray, width: int
) -> FloatArray:
    """Queries, keys and values made of few numbers (DeepSeek-AI 2024, eq. 9 to 19)."""
    sharing, end = sublayer.batch.sharing, sublayer.spec.sides[0].stop
    shared, given = latent.shared(x, sharing), x
    few = shared[:, : shared.shape[1] - latent.turned]
    latent.norm(few, out=few)
    if latent.query and latent.query_norm:
        given = latent.query_norm(latent.query(x, sharing))
    found = states(len(x), width)
    found[:, :end] = sublayer.weights.qkv(given, sharing)
    found[:, end:] = expand.outputs(slice(0, width - end))(shared, sharing)
    return found


def _norm_and_rotate(sublayer: Sublayer, x: FloatArray, norm: NormWeights | None) -> None:
    """What comes behind the projection of queries or keys (row, head · d_head), in place."""
    spec = sublayer.spec
    heads = x.reshape(len(x), -1, spec.d_head)
    normed = x if spec.qk_norm_over == "all" else heads
    if norm and not spec.norm_turned:
        norm(normed, out=normed)
    if spec.rotary is not None and sublayer.kind != "cross":
        cos, sin = sublayer.batch.rotation(spec.rotary)
        rotate_(heads, cos, sin, interleaved=spec.rotary.interleaved)
    if norm and spec.norm_turned:
        norm(normed, out=normed)


def _heads(sublayer: Sublayer, projected: FloatArray) -> list[Heads]:
    """The queries, keys and values of those alike; cross attention has keys of the memory."""
    batch, index, (queries, keys, values) = sublayer.batch, sublayer.index, sublayer.spec.sides
    past, q = batch.past, batch.stacked(sublayer.split(projected[:, queries]), batch.parts)
    if sublayer.kind == "cross":
        make = partial(_project_memory, sublayer)
        seen = past.crossed(index, make) if past else make()
    else:
        k = batch.stacked(sublayer.split(projected[:, keys]), batch.parts)
        v = sublayer.split(projected[:, values], sublayer.spec.value_width)
        seen = list(zip(k, batch.stacked(v, batch.parts), strict=True))
        seen = past.extend(index, seen) if past else seen
    return [
        Heads(mine, k, v if sublayer.need_values else None)
        for mine, (k, v) in zip(q, seen, strict=True)
    ]


def _project_memory(sublayer: Sublayer) -> list[KeysAndValues]:
    """Keys and values of the encoder's hidden states of those alike."""
    both, batch = sublayer.weights.side(sublayer.spec, 1, 2), sublayer.batch
    found = both(np.concatenate(batch.memory), batch.sharing)
    _norm_and_rotate(sublayer, found[:, : found.shape[1] // 2], sublayer.weights.key_norm)
    k, v = np.split(sublayer.split(found), 2)
    parts = parts_of(batch.memory)
    return list(zip(batch.stacked(k, parts), batch.stacked(v, parts), strict=True))


def _attend(sublayer: Sublayer, numbers: range, heads: Heads, context: FloatArray | None) -> None:
    """Attend in sequences of one length block by block; the request edits and sees each."""
    spec, request, sharing = sublayer.spec, sublayer.batch.request, sublayer.batch.sharing
    where, sinks = (sublayer.kind, sublayer.index), sublayer.weights.sinks
    wanted, before = request.wants(*where), sublayer.batch.start
    n, m = heads.queries.shape[-2], heads.keys.shape[-2]
    place = request.place(*where, numbers) if wanted and request.place else None
    whole, right = place is not None or len(numbers) > 1, spec.right
    height = n if whole else _height(sublayer, n, m)
    bias = score_bias(spec, sublayer.weights, heads.queries, heads.keys, sublayer.table)
    call = partial(share, sharing=None if request.apart else sharing)
    values = len(numbers) * [None] if heads.values is None else heads.values
    each = list(map(Heads, heads.queries, heads.keys, values))

    def show(which: slice) -> Iterator[None]:
        shape = len(numbers), which.stop - which.start, height, m
        buffer = np.zeros(shape, np.float32) if place is None else place
        lost = None if sinks is None else sinks[which]
        for start in range(before, before + n, height or 1):
            stop = min(start + height, before + n)
            rows, at = slice(start - before, stop - before), slice(start, stop)
            end = m if request.edit or whole or right is None else min(m, stop + right)
            here = None if context is None else context[:, which, rows]
            weights, own = buffer[:, :, : stop - start], heads.part(which, rows, slice(0, end))
            block = Block(own, spec, bias, at, weights[..., :end], here, which, lost)
            finite = call(score if request.edit else attend, block)
            moved = len(numbers) * [None] if here is None else here
            shown = [
                AttentionBlock(*where, number, start, stop, its, mine, finite, took, which.start)
                for number, its, mine, took in zip(numbers, weights, each, moved, strict=True)
            ]
            if request.edit:
                for one in shown:
                    request.edit(one)
                call(attend_to_scores, block)
            for one in shown if wanted else ():
                request.visit(one)
            yield

    sharing.in_steps(show, even(spec.n_heads, 1 if whole or not request.apart else spec.n_heads))


def _height(sublayer: Sublayer, n: int, m: int) -> int:
    """For how many of n queries weights for m keys are shown: of all heads, or one a core."""
    n_heads, apart = sublayer.spec.n_heads, sublayer.batch.request.apart
    count = min(sublayer.batch.sharing.cores, n_heads) if apart else n_heads
    height = max(ROWS, BLOCK // (4 * count * max(m, 1)))
    return max(1, min(n, height, HEIGHT if apart else n))
