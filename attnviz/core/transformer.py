"""Run a transformer over a batch of sequences and show what is requested of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.convolution import convolve
from attnviz.core.embedding import embed
from attnviz.core.hooks import Ids, Output, Request
from attnviz.core.key_value_cache import KeyValueCache
from attnviz.core.layer import Layer, run_layer
from attnviz.core.multi_head import Batch, parts_of
from attnviz.core.spec import ModelSpec, StackSpec
from attnviz.core.threads import Sharing, sharing
from attnviz.core.weights import Weights, WeightsKept

__all__ = ["run"]


def run(
    spec: ModelSpec,
    weights: Weights,
    sequences: Sequence[Ids],
    request: Request,
    *,
    cache: WeightsKept | None = None,
    memory: tuple[FloatArray, ...] = (),
    past: KeyValueCache | None = None,
    cores: int | None = None,
) -> Output:
    """Compute what is requested, layer by layer, and nothing behind it.

    Sequences run as one batch without padding. ``memory`` gives the encoder's hidden states of an
    earlier run. ``cache`` keeps the tensors of layers for the next run. ``past`` is what the
    decoder remembers of earlier runs over the same sequences: only tokens that it has not read are
    run, so only their hidden states, which must be requested, come out. ``cores`` are those that a
    run is shared by, instead of all.
    """
    encoded, decoded = memory, tuple[FloatArray, ...]()
    needs_decoder = request.hidden or request.last("decoder", "cross") >= 0
    with sharing(cores) as shared:
        whole = _Run(spec, weights, sequences, request, shared, cache, past)
        if spec.encoder and not memory:
            finish = needs_decoder if spec.decoder else request.hidden
            encoded = whole.stack(spec.encoder, finish=finish)
        if spec.decoder and needs_decoder:
            decoded = whole.stack(spec.decoder, encoded, finish=request.hidden)
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
    cache: WeightsKept | None
    past: KeyValueCache | None

    def stack(
        self, stack: StackSpec, memory: tuple[FloatArray, ...] = (), *, finish: bool
    ) -> tuple[FloatArray, ...]:
        """Run the layers of a stack; the last hidden states of each sequence if ``finish``."""
        kind, d, request = stack.kind, stack.d_model, self.request
        last = request.last(kind, "cross") if kind == "decoder" else request.last(kind)
        stop = len(stack.layers) if finish else last + 1
        if stop == 0 and not finish:
            return ()
        ids = _ids(self.model, kind, self.sequences)
        types = [sequence.types if kind == "encoder" else None for sequence in self.sequences]
        past = self.past if kind == "decoder" else None
        new = [sequence[past.n_read if past else 0 :] for sequence in ids]
        batch = Batch(kind, parts_of(new), request, self.sharing, memory, past)
        beside = partial(self.weights.stack, stack)
        tensors = self.cache.load(kind, beside) if self.cache else beside()
        x = first = embed(stack, self.weights, tensors, ids, types, batch.start)
        table = tensors.relative
        if table is not None and tensors.relative_norm:
            table = tensors.relative_norm(table)
        for index, spec in enumerate(stack.layers[:stop]):
            name = f"{kind}.{index}"
            read = partial(self.weights.layer, name, spec, d)
            loaded = self.cache.load(name, read) if self.cache else read()
            layer = Layer(batch, index, spec, loaded, table)
            x = run_layer(layer, x, need_output=finish or index + 1 < stop)
            if index == 0 and stack.convolution and (finish or stop > 1):
                convolve(stack, tensors, batch.parts, first, x)
        if not finish:
            return ()
        if past:
            past.n_read = len(ids[0])
        x = tensors.norm(x) if tensors.norm else x
        x = tensors.project_out(x) if tensors.project_out else x
        return tuple(x[part].copy(order="K") for part in batch.parts)
