"""Run a transformer over a batch of sequences and show what is requested of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.core.buffers import FloatArray, IntArray, Scratch, scratch
from attnviz.core.convolution import convolve
from attnviz.core.embedding import embed
from attnviz.core.hooks import Ids, Output, Request
from attnviz.core.layer import Layer, run_layer
from attnviz.core.multi_head import Batch, parts_of
from attnviz.core.spec import Buckets, Disentangled, LayerSpec, ModelSpec, StackSpec
from attnviz.core.threads import Sharing, sharing
from attnviz.core.weights import (
    LayerWeights,
    WeightCache,
    Weights,
    layer_bytes,
    layer_weights,
    linear,
    norm,
    required,
)

__all__ = ["run"]


def run(
    spec: ModelSpec,
    weights: Weights,
    sequences: Sequence[Ids],
    request: Request,
    *,
    cache: WeightCache | None = None,
    memory: tuple[FloatArray, ...] = (),
) -> Output:
    """Compute what is requested, layer by layer, and nothing behind it.

    Sequences run as one batch without padding. ``memory`` gives the encoder's hidden states of an
    earlier run. ``cache`` keeps the tensors of layers for the next run.
    """
    encoded, decoded = memory, tuple[FloatArray, ...]()
    n_rows = max(sum(map(len, _ids(spec, stack.kind, sequences))) for stack in spec.stacks)
    needs_decoder = request.hidden or request.last("decoder", "cross") >= 0
    with sharing(n_rows) as shared, scratch() as buffers:
        shared_by_stacks = _Run(
            spec, weights, sequences, request, shared, buffers, cache or WeightCache(0)
        )
        if spec.encoder and not memory:
            finish = needs_decoder if spec.decoder else request.hidden
            encoded = shared_by_stacks.stack(spec.encoder, finish=finish)
        if spec.decoder and needs_decoder:
            decoded = shared_by_stacks.stack(spec.decoder, encoded, finish=request.hidden)
    return Output(encoded, decoded)


def _ids(spec: ModelSpec, kind: str, sequences: Sequence[Ids]) -> list[IntArray]:
    """The ids that go into a stack."""
    if kind == "encoder" or spec.encoder is None:
        return [sequence.ids for sequence in sequences]
    return [
        np.empty(0, np.int64) if sequence.target_ids is None else sequence.target_ids
        for sequence in sequences
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What the stacks of one run share."""

    model: ModelSpec
    weights: Weights
    sequences: Sequence[Ids]
    request: Request
    sharing: Sharing
    scratch: Scratch
    cache: WeightCache

    def stack(
        self, stack: StackSpec, memory: tuple[FloatArray, ...] = (), *, finish: bool
    ) -> tuple[FloatArray, ...]:
        """Run the layers of a stack; the last hidden states of each sequence if ``finish``."""
        kind, request = stack.kind, self.request
        last = request.last(kind, "cross") if kind == "decoder" else request.last(kind)
        stop = len(stack.layers) if finish else last + 1
        if stop == 0 and not finish:
            return ()
        ids = _ids(self.model, kind, self.sequences)
        types = [sequence.types if kind == "encoder" else None for sequence in self.sequences]
        batch = Batch(parts_of(ids), request, self.sharing, memory, self.scratch)
        x = first = embed(stack, self.weights, self.cache, ids, types)
        table = self._table(stack)
        for index, spec in enumerate(stack.layers[:stop]):
            layer = Layer(batch, kind, index, spec, self._layer_weights(stack, index, spec), table)
            x = run_layer(layer, x, need_output=finish or index + 1 < stop)
            if index == 0 and stack.convolution and (finish or stop > 1):
                convolve(stack, self.weights, batch.parts, first, x)
        if not finish:
            return ()
        hidden = self._finish(stack, x)
        return tuple(hidden[part].copy(order="K") for part in batch.parts)

    def _layer_weights(self, stack: StackSpec, index: int, spec: LayerSpec) -> LayerWeights:
        name, d_model = f"{stack.kind}.{index}", stack.d_model
        return self.cache.load(
            name,
            lambda: layer_weights(self.weights, name, spec, d_model),
            lambda: layer_bytes(spec, d_model),
        )

    def _table(self, stack: StackSpec) -> FloatArray | None:
        """The stack's bucket scores or relative embeddings."""
        first = stack.layers[0].attention if stack.layers else None
        name, d_model = f"{stack.kind}.relative", stack.d_model
        match first and first.bias:
            case Buckets(n_buckets=n_buckets) if first:
                return required(self.weights, f"{name}.weight", n_buckets, first.n_heads)
            case Disentangled(span=span, norm=spec):
                table = required(self.weights, f"{name}.weight", 2 * span, d_model)
                return norm(self.weights, f"{name}_norm", spec, d_model)(table) if spec else table
        return None

    def _finish(self, stack: StackSpec, x: FloatArray) -> FloatArray:
        """The final norm and projection of a stack, where it has them."""
        name, d_model = stack.kind, stack.d_model
        if stack.norm:
            x = norm(self.weights, f"{name}.norm", stack.norm, d_model)(x)
        if stack.project_out:
            sizes = (stack.project_out,)
            x = linear(self.weights, (f"{name}.project_out",), sizes, d_model)(x)
        return x
