"""Run a transformer over a pack of sequences and show every attention to a visitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from attnviz.core.attention import Heads, attend, score_bias
from attnviz.core.convolution import convolve
from attnviz.core.embedding import embed
from attnviz.core.layer import before, key_value, leave, mlp, normed, shape_keys, shape_queries
from attnviz.core.ops import FloatArray, states
from attnviz.core.parallel import Crew, workers
from attnviz.core.positions import rotary_table
from attnviz.core.spec import (
    AttentionSpec,
    Buckets,
    Disentangled,
    LayerSpec,
    ModelSpec,
    Rotary,
    StackSpec,
)
from attnviz.core.visit import Ids, Kind, Output, Step, Want
from attnviz.core.weights import (
    AttentionWeights,
    Keeper,
    LayerWeights,
    Linear,
    Weights,
    layer_bytes,
    layer_weights,
    linear,
    norm,
    required,
)

__all__ = ["run"]

IntArray = npt.NDArray[np.int64]

BLOCK = 1 << 25
"""Bytes of weights shown in one step, where the caller gives no place for a whole map."""


def run(
    spec: ModelSpec,
    weights: Weights,
    sequences: Sequence[Ids],
    want: Want,
    *,
    keeper: Keeper | None = None,
    memory: tuple[FloatArray, ...] = (),
) -> Output:
    """Compute what is wanted, layer by layer, and nothing behind it.

    Sequences run as one pack without padding. ``memory`` gives the encoder's hidden states of an
    earlier run. ``keeper`` keeps the tensors of layers for the next run.
    """
    keeper = keeper or Keeper(0)
    encoded, decoded = memory, tuple[FloatArray, ...]()
    n_rows = max(sum(map(len, _ids(spec, stack.kind, sequences))) for stack in spec.stacks)
    needs_decoder = want.hidden or want.last("decoder", "cross") >= 0
    with workers(n_rows) as crew:
        if spec.encoder and not memory:
            finish = needs_decoder if spec.decoder else want.hidden
            encoded = _Run(spec, spec.encoder, weights, sequences, want, crew, keeper).go(finish)
        if spec.decoder and needs_decoder:
            run_ = _Run(spec, spec.decoder, weights, sequences, want, crew, keeper, encoded)
            decoded = run_.go(want.hidden)
    return Output(encoded, decoded)


def _ids(spec: ModelSpec, kind: str, sequences: Sequence[Ids]) -> list[IntArray]:
    """The ids that go into a stack."""
    if kind == "encoder" or spec.encoder is None:
        return [sequence.ids for sequence in sequences]
    return [
        np.empty(0, np.int64) if sequence.target_ids is None else sequence.target_ids
        for sequence in sequences
    ]


@dataclass(eq=False)
class _Run:
    """One stack on its way through one pack."""

    model: ModelSpec
    stack: StackSpec
    weights: Weights
    sequences: Sequence[Ids]
    want: Want
    crew: Crew
    keeper: Keeper
    memory: tuple[FloatArray, ...] = ()
    parts: list[slice] = field(default_factory=list)
    rotations: list[tuple[Rotary, tuple[FloatArray, FloatArray]]] = field(default_factory=list)

    def go(self, finish: bool) -> tuple[FloatArray, ...]:
        """Run the layers; the last hidden states of each sequence if ``finish``."""
        stack, kind = self.stack, self.stack.kind
        ids = _ids(self.model, kind, self.sequences)
        types = [sequence.types if kind == "encoder" else None for sequence in self.sequences]
        self.parts = _parts([len(sequence) for sequence in ids])
        wanted = self.want.last(kind, "cross") if kind == "decoder" else self.want.last(kind)
        stop = len(stack.layers) if finish else wanted + 1
        if stop == 0 and not finish:
            return ()
        x = first = embed(stack, self.weights, ids, types)
        table = self._table()
        for index, layer in enumerate(stack.layers[:stop]):
            tensors = self._load(index, layer)
            x = self._layer(index, layer, tensors, x, table, more=finish or index + 1 < stop)
            if index == 0 and stack.convolution and (finish or stop > 1):
                convolve(stack, self.weights, self.parts, first, x)
        if not finish:
            return ()
        last = self._finish(x)
        return tuple(last[part] for part in self.parts)

    def _load(self, index: int, layer: LayerSpec) -> LayerWeights:
        name, d_model = f"{self.stack.kind}.{index}", self.stack.d_model
        return self.keeper.load(
            name,
            lambda: layer_weights(self.weights, name, layer, d_model),
            layer_bytes(layer, d_model),
        )

    def _table(self) -> FloatArray | None:
        """The stack's bucket scores or relative embeddings."""
        first = self.stack.layers[0].attention if self.stack.layers else None
        name, d_model = f"{self.stack.kind}.relative", self.stack.d_model
        match first and first.bias:
            case Buckets(n_buckets=n_buckets) if first:
                return required(self.weights, f"{name}.weight", n_buckets, first.n_heads)
            case Disentangled(span=span, norm=spec):
                table = required(self.weights, f"{name}.weight", 2 * span, d_model)
                return (
                    normed(table, norm(self.weights, f"{name}_norm", spec, d_model))
                    if spec
                    else table
                )
        return None

    def _layer(
        self,
        index: int,
        layer: LayerSpec,
        tensors: LayerWeights,
        x: FloatArray,
        table: FloatArray | None,
        *,
        more: bool,
    ) -> FloatArray:
        """One layer; without ``more`` it stops behind the last softmax that is wanted."""
        cross = layer.cross if more or index in self.want.layers.get("cross", ()) else None
        name, sublayer, residual = "attention", tensors.attention, x
        inner = np.empty_like(x) if "before" in layer.norms else x  # what the attention sees

        def enter(rows: slice) -> FloatArray:
            if inner is not x:
                inner[rows] = before(tensors, "attention", x[rows])
            return inner[rows]

        self_attention = _Attention(self, self.stack.kind, index, layer.attention, sublayer, table)
        context = self_attention.run(enter, x, more=more or cross is not None)
        if context is None:
            return x
        if layer.residual_after_norm:
            residual = inner
        if cross and tensors.cross:
            middle = np.empty_like(x)

            def close(rows: slice) -> None:
                branch = tensors.attention.output(context[rows], crew=self.crew)
                middle[rows] = leave(tensors, "attention", branch, residual[rows])

            self.crew.rows(close, len(x))
            crossing = _Attention(self, "cross", index, cross, tensors.cross, None)
            crossed = crossing.run(
                lambda rows: before(tensors, "cross", middle[rows]), x, more=more
            )
            if crossed is None:
                return x
            return self._rest(
                layer, tensors, "cross", tensors.cross.output, crossed, middle, x, inner
            )
        return self._rest(layer, tensors, name, sublayer.output, context, residual, x, inner)

    def _rest(
        self,
        layer: LayerSpec,
        tensors: LayerWeights,
        name: str,
        output: Linear,
        context: FloatArray,
        residual: FloatArray,
        x: FloatArray,
        inner: FloatArray,
    ) -> FloatArray:
        """Everything behind the last context of a layer, block of rows by block of rows."""
        out = np.empty_like(x)

        def rest(rows: slice) -> None:
            branch = output(context[rows], crew=self.crew)
            middle = leave(tensors, name, branch, residual[rows])
            source = x[rows] if layer.parallel else middle
            given = before(tensors, "mlp", source) if layer.mlp_norm else inner[rows]
            beside = given if layer.residual_after_norm else middle
            branch = mlp(tensors, layer.mlp, given, self.crew)
            out[rows] = leave(tensors, "mlp", branch, beside)

        self.crew.rows(rest, len(x))
        return out

    def rotation(self, rotary: Rotary | None) -> tuple[FloatArray, FloatArray] | None:
        """Cosines and sines for every row of the pack; each sequence by its own length."""
        if rotary is None:
            return None
        found = next((tables for known, tables in self.rotations if known == rotary), None)
        if found is None:
            each = [rotary_table(rotary, part.stop - part.start) for part in self.parts]
            cos, sin = (np.concatenate(side) for side in zip(*each, strict=True))
            found = cos, sin
            self.rotations.append((rotary, found))
        return found

    def _finish(self, x: FloatArray) -> FloatArray:
        stack = self.stack
        if stack.norm:
            x = normed(x, norm(self.weights, f"{stack.kind}.norm", stack.norm, stack.d_model))
        if stack.project_out:
            x = linear(
                self.weights, (f"{stack.kind}.project_out",), (stack.project_out,), stack.d_model
            )(x)
        return x


@dataclass(eq=False)
class _Attention:
    """One attention sublayer of a run, over all sequences of the pack."""

    run_: _Run
    kind: Kind
    index: int
    spec: AttentionSpec
    tensors: AttentionWeights
    table: FloatArray | None

    def run(
        self, enter: Callable[[slice], FloatArray], x: FloatArray, *, more: bool
    ) -> FloatArray | None:
        """The context (token, n_heads · d_head), or None where nothing behind it is wanted."""
        queries, keys, values = self._project(enter, len(x), more=more)
        context = np.empty(queries.shape, np.float32) if more else None  # BLAS fills rows faster
        parts = self.run_.parts
        for number, (rows, seen) in enumerate(zip(parts, self._key_parts(), strict=True)):
            heads = Heads(
                self._split(queries[rows]),
                self._split(keys[seen]),
                None if values is None else self._split(values[seen]),
            )
            self._show(number, heads, None if context is None else self._split(context[rows]))
        return context

    def _split(self, x: FloatArray) -> FloatArray:
        """x (token, head · d_head) seen as (head, token, d_head)."""
        return x.reshape(len(x), -1, self.spec.d_head).transpose(1, 0, 2)

    def _key_parts(self) -> list[slice]:
        if self.kind == "cross":
            return _parts([len(memory) for memory in self.run_.memory])
        return self.run_.parts

    def _project(
        self, enter: Callable[[slice], FloatArray], n: int, *, more: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Queries, keys and values of all sequences, (token, head · d_head) each."""
        spec, tensors = self.spec, self.tensors
        d_query, d_key = spec.n_heads * spec.d_head, spec.n_kv_heads * spec.d_head
        crossing = self.kind == "cross"
        width = d_query if crossing else d_query + d_key * (2 if more else 1)
        projection = tensors.qkv.part(0, width)
        out = states(n, width)
        rotation = self.run_.rotation(spec.rotary)

        def project(rows: slice) -> None:
            turned = rotation and (rotation[0][rows], rotation[1][rows])
            projection(enter(rows), out=out[rows], crew=self.run_.crew)
            shape_queries(out[rows, :d_query], spec, tensors, turned)
            if not crossing:
                shape_keys(out[rows, d_query : d_query + d_key], spec, tensors, turned)

        self.run_.crew.rows(project, n)
        queries = out[:, :d_query]
        if crossing:
            both = key_value(tensors, spec)(np.concatenate(self.run_.memory), crew=self.run_.crew)
            shape_keys(both[:, :d_key], spec, tensors, None)
            return queries, both[:, :d_key], both[:, d_key:]
        return (
            queries,
            out[:, d_query : d_query + d_key],
            out[:, d_query + d_key :] if more else None,
        )

    def _show(self, number: int, heads: Heads, context: FloatArray | None) -> None:
        """Attend block by block and let the visitor see."""
        want, n_heads = self.run_.want, self.spec.n_heads
        n, m = heads.queries.shape[1], heads.keys.shape[1]
        wanted = self.index in want.layers.get(self.kind, ())
        if not wanted and context is None:
            return
        place = None
        if wanted and want.place:
            place = want.place(self.kind, self.index, number)
        height = n if place is not None else max(1, min(n, BLOCK // (4 * n_heads * max(m, 1))))
        scratch = np.empty((n_heads, height, m), np.float32) if place is None else place
        bias = score_bias(self.spec, self.tensors, heads, self.table)
        for start in range(0, n, height):
            rows = slice(start, min(start + height, n))
            weights = scratch[:, : rows.stop - start]
            block = (heads, self.spec, bias, rows, weights, context, self.run_.crew)
            reach = attend(*block, phase="scores" if want.edit else "all")
            step = Step(self.kind, self.index, number, start, rows.stop, weights, heads, reach)
            if want.edit:
                want.edit(step)
                attend(*block, phase="weights")
            if wanted:
                want.visit(step)


def _parts(lengths: Sequence[int]) -> list[slice]:
    """The rows of each sequence in the pack."""
    bounds = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    return [slice(a, b) for a, b in pairwise(bounds)]
