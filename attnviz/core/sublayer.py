"""One attention sublayer over a pack of sequences: projections, attention, output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.core.attention import Block, Heads, ScoreBias, attend, score_bias
from attnviz.core.layer import key_value, shape_keys, shape_queries
from attnviz.core.ops import FloatArray, Rooms, empty
from attnviz.core.parallel import ALONE, Crew
from attnviz.core.positions import rotary_table
from attnviz.core.spec import AttentionSpec, Disentangled, Rotary
from attnviz.core.visit import Kind, Step, Want
from attnviz.core.weights import AttentionWeights

__all__ = ["Branch", "Pack", "Sublayer", "parts_of"]

BLOCK = 1 << 25
"""Bytes of weights shown in one step, where the caller gives no place for a whole map."""

Branch = Callable[[slice], FloatArray]
"""What a sublayer adds to the hidden states, (row, d_model) for some of their rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """What sublayers of one shape write over, and the heads that each sequence has in it.

    ``projected`` is (row, feature); ``context`` (row, feature) is None where nothing follows the
    weights. Heads are those of self-attention; cross attention finds its keys elsewhere.
    """

    projected: FloatArray
    context: FloatArray | None
    heads: list[Heads]


@dataclass(eq=False)
class Pack:
    """Sequences on their way through a stack, without padding, and what its layers share."""

    parts: list[slice]  # the rows of each sequence
    want: Want
    crew: Crew
    memory: tuple[FloatArray, ...] = ()  # the encoder's hidden states of each
    rooms: Rooms = field(default_factory=Rooms)
    rotations: list[tuple[Rotary, tuple[FloatArray, FloatArray]]] = field(default_factory=list)
    desks: dict[tuple[int, int, int, bool, bool], Desk] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many rows there are."""
        return int(self.parts[-1].stop)

    def desk(self, spec: AttentionSpec, *, crosses: bool, more: bool) -> Desk:
        """The desk of sublayers of that shape."""
        shape = spec.n_heads, spec.n_kv_heads, spec.d_head, crosses, more
        if shape not in self.desks:
            self.desks[shape] = self._desk(spec, crosses=crosses, more=more)
        return self.desks[shape]

    def _desk(self, spec: AttentionSpec, *, crosses: bool, more: bool) -> Desk:
        every = slice(0, spec.n_kv_heads)
        queries, keys, values = _sides(spec, every)
        width = (queries if crosses else values if more else keys).stop
        projected = self.rooms.states("projected", self.n, width)
        # BLAS fills rows of contexts faster than columns.
        context = self.rooms.room("context", self.n, queries.stop) if more else None
        sides = projected[:, queries], projected[:, keys], projected[:, values]
        heads = [] if crosses else _heads(spec, sides, self.parts, self.parts, more=more)
        return Desk(projected, context, heads)

    def rotation(self, rotary: Rotary) -> tuple[FloatArray, FloatArray]:
        """Cosines and sines for every row of the pack; each sequence by its own length."""
        found = next((tables for known, tables in self.rotations if known == rotary), None)
        if found is None:
            each = [rotary_table(rotary, part.stop - part.start) for part in self.parts]
            cos, sin = (np.concatenate(side) for side in zip(*each, strict=True))
            found = cos, sin
            self.rotations.append((rotary, found))
        return found


def parts_of(sequences: Sequence[npt.NDArray[Any]]) -> list[slice]:
    """The rows of each sequence in the pack."""
    bounds = np.cumsum([0, *map(len, sequences)]).tolist()
    return [slice(a, b) for a, b in pairwise(bounds)]


def _sides(spec: AttentionSpec, groups: slice) -> tuple[slice, slice, slice]:
    """The queries, keys and values of these key heads among all that are projected."""
    d_query, d_key = spec.n_heads * spec.d_head, spec.n_kv_heads * spec.d_head
    start, stop = groups.start * spec.d_head, groups.stop * spec.d_head
    share = spec.n_heads // spec.n_kv_heads
    keys = slice(d_query + start, d_query + stop)
    values = slice(keys.start + d_key, keys.stop + d_key)
    return slice(start * share, stop * share), keys, values


def _split(x: FloatArray, spec: AttentionSpec) -> FloatArray:
    """x (token, head · d_head) seen as (head, token, d_head)."""
    return x.reshape(len(x), -1, spec.d_head).transpose(1, 0, 2)


def _heads(
    spec: AttentionSpec,
    sides: Sequence[FloatArray],
    rows: Sequence[slice],
    seen: Sequence[slice],
    *,
    more: bool,
) -> list[Heads]:
    """The queries, keys and values of each sequence, which has these rows and sees those."""
    queries, keys, values = (_split(side, spec) for side in sides)
    return [
        Heads(queries[:, mine], keys[:, others], values[:, others] if more else None)
        for mine, others in zip(rows, seen, strict=True)
    ]


@dataclass(eq=False)
class Sublayer:
    """The self-attention or cross attention of one layer over a pack.

    ``table`` is for score biases; without ``more``, nothing behind the weights is computed.
    """

    pack: Pack
    kind: Kind
    index: int
    spec: AttentionSpec
    tensors: AttentionWeights
    table: FloatArray | None
    more: bool

    def __post_init__(self) -> None:
        self.crosses = self.kind == "cross"
        self.desk = self.pack.desk(self.spec, crosses=self.crosses, more=self.more)

    def run(self, enter: Branch) -> Branch | None:
        """Attend in the rows that ``enter`` gives, and let the visitor see.

        Returns what is to be added to them, or None without ``more``.
        """
        places = [self._place(number) for number in range(len(self.pack.parts))]
        kept = [place for place in places if place is not None]
        if len(kept) == len(places) and self._divides():
            return self._by_heads(enter, kept)
        return self._by_rows(enter, places)

    def _by_rows(self, enter: Branch, places: Sequence[FloatArray | None]) -> Branch | None:
        """All heads at once; each step is shared as the crew likes it."""
        crew, context = self.pack.crew, self.desk.context

        def project(rows: slice) -> None:
            width = slice(0, self.desk.projected.shape[1])
            self.tensors.qkv.outputs(width)(enter(rows), out=self.desk.projected[rows], crew=crew)
            self._shape(rows, self._everyone)

        crew.rows(project, self.pack.n)
        for number, (heads, place) in enumerate(zip(self._heads(), places, strict=True)):
            self._show(number, heads, place)
        if context is None:
            return None
        return lambda rows: self.tensors.output(context[rows], crew=crew)

    def _by_heads(self, enter: Branch, places: Sequence[FloatArray]) -> Branch | None:
        """Each thread takes its heads from the projections to the output."""
        crew, context, n_groups = self.pack.crew, self.desk.context, self.spec.n_kv_heads
        x, every = enter(slice(0, self.pack.n)), slice(0, self.pack.n)
        blocks = [
            self._block(number, heads, self._bias(heads), slice(0, heads.queries.shape[1]), place)
            for number, (heads, place) in enumerate(zip(self._heads(), places, strict=True))
        ]
        finite: list[list[bool]] = [[] for _ in blocks]

        def share(groups: slice) -> None:
            for side in _sides(self.spec, groups)[: 3 if self.more else 2]:
                self.tensors.qkv.outputs(side).fill(x, self.desk.projected[:, side])
            self._shape(every, groups)
            for block, found in zip(blocks, finite, strict=True):
                found.append(attend(block, ALONE, groups))

        def close(groups: slice, out: FloatArray, context: FloatArray) -> None:
            share(groups)
            inputs = _sides(self.spec, groups)[0]
            self.tensors.output.inputs(inputs).fill(context[:, inputs], out)

        branch = None
        if context is None:
            crew.columns(share, n_groups)
        else:
            n_shares, d_model = crew.n_shares, len(self.tensors.output.weight)
            parts = self.pack.rooms.room("parts", n_shares, d_model, self.pack.n).swapaxes(1, 2)
            branch = crew.total(partial(close, context=context), n_groups, parts)
        for number, (block, found) in enumerate(zip(blocks, finite, strict=True)):
            self.pack.want.visit(self._step(number, block, finite=all(found)))
        return branch if branch is None else branch.__getitem__

    def _divides(self) -> bool:
        """Whether heads go their own ways, and the visitor can wait for all of them."""
        spec, want, crew = self.spec, self.pack.want, self.pack.crew
        alike = spec.qk_norm is None or spec.qk_norm_over == "head"
        bound = self.crosses or isinstance(spec.bias, Disentangled) or not alike
        even = spec.n_kv_heads % crew.cores == 0
        return crew.by == "columns" and even and not bound and want.edit is None

    @property
    def _wanted(self) -> bool:
        return self.index in self.pack.want.layers.get(self.kind, ())

    @property
    def _everyone(self) -> slice:
        return slice(0, self.spec.n_kv_heads)

    def _shape(self, rows: slice, groups: slice) -> None:
        """Norm, rotate and scale what was projected."""
        rotary, projected = self.spec.rotary, self.desk.projected
        tables = self.pack.rotation(rotary) if rotary else None
        turned = (tables[0][rows], tables[1][rows]) if tables else None
        queries, keys, _ = _sides(self.spec, groups)
        shape_queries(projected[rows, queries], self.spec, self.tensors, turned)
        if not self.crosses:
            shape_keys(projected[rows, keys], self.spec, self.tensors, turned)

    def _heads(self) -> list[Heads]:
        """The queries, keys and values of each sequence."""
        if not self.crosses:
            return self.desk.heads
        states = self._remembered()
        width = states.shape[1] // 2
        sides = self.desk.projected, states[:, :width], states[:, width:]
        rows, seen = self.pack.parts, parts_of(self.pack.memory)
        return _heads(self.spec, sides, rows, seen, more=self.more)

    def _remembered(self) -> FloatArray:
        """Keys and values of the encoder's hidden states."""
        memory = np.concatenate(self.pack.memory)
        states = key_value(self.tensors, self.spec)(memory, crew=self.pack.crew)
        shape_keys(states[:, : states.shape[1] // 2], self.spec, self.tensors, None)
        return states

    def _block(
        self, number: int, heads: Heads, bias: ScoreBias | None, rows: slice, weights: FloatArray
    ) -> Block:
        part = self.pack.parts[number]
        context = None if self.desk.context is None else _split(self.desk.context[part], self.spec)
        return Block(heads, self.spec, bias, rows, weights, context)

    def _bias(self, heads: Heads) -> ScoreBias | None:
        return score_bias(self.spec, self.tensors, heads, self.table)

    def _place(self, number: int) -> FloatArray | None:
        """Where the caller wants the whole map of a sequence, if anywhere."""
        place = self.pack.want.place
        return place(self.kind, self.index, number) if place and self._wanted else None

    def _show(self, number: int, heads: Heads, place: FloatArray | None) -> None:
        """Attend in one sequence block by block, and let the visitor see each."""
        want, crew = self.pack.want, self.pack.crew
        if not self._wanted and not self.more:
            return
        (n_heads, n, _), m = heads.queries.shape, heads.keys.shape[1]
        height = n if place is not None else max(1, min(n, BLOCK // (4 * n_heads * max(m, 1))))
        scratch = empty(n_heads, height, m) if place is None else place
        bias = self._bias(heads)
        for start in range(0, n, height):
            rows = slice(start, min(start + height, n))
            block = self._block(number, heads, bias, rows, scratch[:, : rows.stop - start])
            finite = attend(block, crew, phase="scores" if want.edit else "all")
            if want.edit:
                want.edit(self._step(number, block, finite=finite))
                attend(block, crew, phase="weights")
            if self._wanted:
                want.visit(self._step(number, block, finite=finite))

    def _step(self, number: int, block: Block, *, finite: bool) -> Step:
        rows, weights = block.rows, block.weights
        return Step(
            self.kind, self.index, number, rows.start, rows.stop, weights, block.heads, finite
        )
