"""Run a transformer over a batch of sequences and show what is requested of it."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.core.attention import CACHED
from attnviz.core.buffers import FloatArray
from attnviz.core.embedding import convolve, embed
from attnviz.core.hooks import Ids, Output, Request
from attnviz.core.key_value_cache import KeyValueCache
from attnviz.core.layer import Layer, run_layer
from attnviz.core.multi_head import Batch, parts_of
from attnviz.core.spec import ModelSpec, StackSpec
from attnviz.core.threads import sharing
from attnviz.core.weights import Weights


def run(
    spec: ModelSpec,
    weights: Weights,
    sequences: Sequence[Ids],
    request: Request,
    *,
    memory: tuple[FloatArray, ...] = (),
    past: KeyValueCache | None = None,
    cores: int | None = None,
) -> Output:
    """Compute what is requested, layer by layer, and nothing behind it.

    Sequences run as one batch without padding. ``memory`` gives the encoder's hidden states of an
    earlier run. ``past`` is what the decoder remembers of earlier runs over the same sequences:
    only tokens that it has not read are run, so only their hidden states, which must be requested,
    come out. ``cores`` are those that a run is shared by, instead of all.
    """
    encoded, decoded = memory, tuple[FloatArray, ...]()
    needs_decoder = request.hidden or request.last("decoder") >= 0
    heads = [layer.attention.n_heads for stack in spec.stacks for layer in stack.layers]
    room = 0 if request.apart or past else CACHED // (4 * max(heads, default=1))
    alike = _alike([(len(one.ids), len(one.into("decoder", spec))) for one in sequences], room)
    with sharing(cores) as shared:
        if spec.encoder and not memory:
            batch = Batch(
                "encoder", parts_of([one.ids for one in sequences]), alike, request, shared
            )
            finish = needs_decoder if spec.decoder else request.hidden
            encoded = _run_stack(spec.encoder, weights, batch, sequences, finish=finish)
        if spec.decoder and needs_decoder:
            target = [Ids(each.into("decoder", spec)) for each in sequences]
            new = [each.ids[past.n_read if past else 0 :] for each in target]
            batch = Batch("decoder", parts_of(new), alike, request, shared, encoded, past)
            decoded = _run_stack(spec.decoder, weights, batch, target, finish=request.hidden)
    return Output(encoded, decoded)


def _alike(lengths: Sequence[tuple[int, int]], room: int) -> list[range]:
    """Neighbours of the same lengths that have ``room`` for the scores of one head of all."""
    found: list[range] = []
    for number, both in enumerate(lengths):
        same = number > 0 and both == lengths[number - 1]
        fits = same and (len(found[-1]) + 1) * max(both) ** 2 <= room
        found.append(range(found.pop().start if fits else number, number + 1))
    return found


def _run_stack(
    stack: StackSpec, weights: Weights, batch: Batch, sequences: Sequence[Ids], *, finish: bool
) -> tuple[FloatArray, ...]:
    """The last hidden states of each sequence, if to ``finish``, or as many layers as needed."""
    layers = stack.layers if finish else stack.layers[: batch.request.last(stack.kind) + 1]
    if not layers and not finish:
        return ()
    tensors = weights.stack(stack)
    x = embed(stack, weights, tensors, sequences, batch.start)
    for index, spec in enumerate(layers):
        loaded = weights.layer(f"{stack.kind}.{index}", spec, stack.d_model)
        goes_on = finish or index + 1 < len(layers)
        layer = Layer(batch, index, spec, loaded, tensors.relative)
        given, x = x, run_layer(layer, x, need_output=goes_on)
        if index == 0 and stack.convolution and goes_on:
            convolve(stack, tensors, batch.parts, given, x)
        del given  # a long text has no room for it beside what the next layer makes
    if not finish:
        return ()
    if batch.past:
        batch.past.n_read = len(sequences[0].ids)
    x = tensors.norm(x) if tensors.norm else x
    x = tensors.project_out(x) if tensors.project_out else x
    return tuple(x[part].copy(order="K") for part in batch.parts)
