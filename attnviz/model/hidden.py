"""Hidden states of every layer, of as many inputs as there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attnviz.core.hooks import AttentionBlock, LayerState, Request
from attnviz.core.transformer import run
from attnviz.errors import InputError
from attnviz.model.inputs import Input
from attnviz.model.packs import packs, side_by_side
from attnviz.result import FloatArray

if TYPE_CHECKING:
    from attnviz.model.model import Model


def hidden_states(
    model: Model, inputs: Iterable[Input], layers: Sequence[int]
) -> Iterator[FloatArray]:
    """Hidden states of each input in order, float32 (layer, token, d_model).

    Of ``layers`` 0 is what goes into the first layer and n what the n-th gives; the last one of
    all comes behind the model's final norm, as transformers' ``hidden_states`` does. Of a
    sequence-to-sequence model they are the encoder's.
    """
    n = len(model.spec.stacks[0].layers)
    if not layers or not 0 <= min(layers) <= max(layers) <= n:
        raise InputError(f"{model.info.name} has hidden states 0 to {n}; ask for some of these")
    for found in side_by_side(partial(_states, model, layers), packs(inputs)):
        yield from found


def _states(
    model: Model, layers: Sequence[int], pack: Sequence[Input], cores: int | None
) -> list[FloatArray]:
    """The hidden states of one pack."""
    stack = model.spec.stacks[0]
    depth, encoder = max(layers), stack.kind == "encoder"
    if depth < len(stack.layers):
        stack = replace(stack, layers=stack.layers[:depth], norm=None, project_out=None)
    spec = replace(
        model.spec, encoder=stack if encoder else None, decoder=None if encoder else stack
    )
    found = [
        np.empty((len(layers), len(given.ids.ids), stack.d_model), np.float32) for given in pack
    ]

    def watch(state: LayerState) -> None:
        if state.name == "layer_input" and state.layer in layers:
            at = layers.index(state.layer)
            found[state.sequence][at] = state.values

    request = Request({}, _ignore, hidden=True, watch=watch)
    ids = [given.ids for given in pack]
    output = run(spec, model.weights, ids, request, cores=cores)
    for states, last in zip(found, output.encoder or output.decoder, strict=True):
        if last.shape[1] != stack.d_model:
            raise InputError(f"the last hidden state of {model.info.name} has another size")
        states[layers.index(depth)] = last
    return found


def _ignore(block: AttentionBlock) -> None:
    """Attention is not what is asked for."""
