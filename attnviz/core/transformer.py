"""Run a transformer over a pack of sequences and show every attention to a visitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attnviz.core.convolution import convolve
from attnviz.core.embedding import embed
from attnviz.core.layer import before, leave, mlp, normed
from attnviz.core.ops import FloatArray, Rooms, rooms
from attnviz.core.parallel import Crew, workers
from attnviz.core.spec import Buckets, Disentangled, LayerSpec, ModelSpec, StackSpec
from attnviz.core.sublayer import Branch, Pack, Sublayer, parts_of
from attnviz.core.visit import Ids, Output, Want
from attnviz.core.weights import (
    Keeper,
    LayerWeights,
    Weights,
    layer_bytes,
    layer_weights,
    linear,
    norm,
    required,
)

__all__ = ["run"]

IntArray = npt.NDArray[np.int64]


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
    with workers(n_rows, alert=want.place is not None) as crew, rooms() as kept:
        if spec.encoder and not memory:
            finish = needs_decoder if spec.decoder else want.hidden
            encoded = _Run(spec, spec.encoder, weights, sequences, want, crew, kept, keeper).go(
                finish
            )
        if spec.decoder and needs_decoder:
            run_ = _Run(spec, spec.decoder, weights, sequences, want, crew, kept, keeper, encoded)
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
    rooms: Rooms
    keeper: Keeper
    memory: tuple[FloatArray, ...] = ()

    def go(self, finish: bool) -> tuple[FloatArray, ...]:
        """Run the layers; the last hidden states of each sequence if ``finish``."""
        stack, kind = self.stack, self.stack.kind
        ids = _ids(self.model, kind, self.sequences)
        types = [sequence.types if kind == "encoder" else None for sequence in self.sequences]
        pack = Pack(parts_of(ids), self.want, self.crew, self.memory, self.rooms)
        wanted = self.want.last(kind, "cross") if kind == "decoder" else self.want.last(kind)
        stop = len(stack.layers) if finish else wanted + 1
        if stop == 0 and not finish:
            return ()
        x = first = embed(stack, self.weights, self.keeper, ids, types)
        table = self._table()
        for index, layer in enumerate(stack.layers[:stop]):
            tensors = self._load(index, layer)
            more = finish or index + 1 < stop
            x = self._layer(pack, index, layer, tensors, x, table, more=more)
            if index == 0 and stack.convolution and (finish or stop > 1):
                convolve(stack, self.weights, pack.parts, first, x)
        if not finish:
            return ()
        last = self._finish(x)
        return tuple(last[part].copy(order="K") for part in pack.parts)

    def _load(self, index: int, layer: LayerSpec) -> LayerWeights:
        name, d_model = f"{self.stack.kind}.{index}", self.stack.d_model
        return self.keeper.load(
            name,
            lambda: layer_weights(self.weights, name, layer, d_model),
            lambda: layer_bytes(layer, d_model),
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
        pack: Pack,
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
        inner = x  # what the attention sees
        if "before" in layer.norms:
            inner = self.rooms.states("inner", *x.shape)

        def enter(rows: slice) -> FloatArray:
            if inner is not x:
                inner[rows] = before(tensors, "attention", x[rows])
            return inner[rows]

        kind, spec, weights = self.stack.kind, layer.attention, tensors.attention
        on = more or cross is not None
        branch = Sublayer(pack, kind, index, spec, weights, table, on).run(enter)
        if branch is None:
            return x
        residual = inner if layer.residual_after_norm else x
        if cross is None or tensors.cross is None:
            return self._rest(layer, tensors, "attention", branch, residual, x, inner)
        middle = self.rooms.states("middle", *x.shape)

        def close(rows: slice, added: Branch = branch) -> None:
            leave(tensors, "attention", added(rows), residual[rows], middle[rows])

        self.crew.rows(close, len(x))
        crossing = Sublayer(pack, "cross", index, cross, tensors.cross, None, more)
        branch = crossing.run(lambda rows: before(tensors, "cross", middle[rows]))
        if branch is None:
            return x
        return self._rest(layer, tensors, "cross", branch, middle, x, inner)

    def _rest(
        self,
        layer: LayerSpec,
        tensors: LayerWeights,
        name: str,
        branch: Branch,
        residual: FloatArray,
        x: FloatArray,
        inner: FloatArray,
    ) -> FloatArray:
        """Everything behind the last attention of a layer, block of rows by block of rows."""
        out = self.rooms.states("states", *x.shape)  # x may be there too

        def rest(rows: slice) -> None:
            middle = leave(tensors, name, branch(rows), residual[rows])
            source = x[rows] if layer.parallel else middle
            given = before(tensors, "mlp", source) if layer.mlp_norm else inner[rows]
            beside = given if layer.residual_after_norm else middle
            leave(tensors, "mlp", mlp(tensors, layer.mlp, given, self.crew), beside, out[rows])

        self.crew.rows(rest, len(x))
        return out

    def _finish(self, x: FloatArray) -> FloatArray:
        stack = self.stack
        if stack.norm:
            x = normed(x, norm(self.weights, f"{stack.kind}.norm", stack.norm, stack.d_model))
        if stack.project_out:
            x = linear(
                self.weights, (f"{stack.kind}.project_out",), (stack.project_out,), stack.d_model
            )(x)
        return x
