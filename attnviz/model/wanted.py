"""Which maps and layers a call asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from attnviz.core.hooks import Kind
from attnviz.core.spec import ModelSpec
from attnviz.errors import InputError, UnknownHead, quote
from attnviz.model.inputs import Input
from attnviz.result import Head, ModelInfo, span, whole


def kinds_of(spec: ModelSpec, inputs: Sequence[Input]) -> tuple[Kind, ...]:
    """The maps that these inputs give."""
    if len(spec.stacks) == 1:
        return (spec.stacks[0].kind,)
    if any(given.ids.target_ids is None for given in inputs):
        return ("encoder",)
    return ("encoder", "decoder", "cross")


def wanted_layers(
    spec: ModelSpec, info: ModelInfo, kinds: Iterable[Kind], layers: Collection[int] | None
) -> dict[Kind, tuple[int, ...]]:
    """The layers that are wanted of each kind of map; UnknownHead for one that none has."""
    asked = None if layers is None else _whole_numbers(layers)
    every: dict[Kind, range] = {}
    for kind in kinds:
        stack = spec.encoder if kind == "encoder" else spec.decoder
        every[kind] = range(len(stack.layers) if stack else 0)
    most = max(every.values(), key=len)
    asked = set(most) if asked is None else asked
    if missing := asked - set(most):
        raise UnknownHead(f"there is no layer {min(missing)}; {info.name} has layers {span(most)}")
    found = {kind: tuple(sorted(asked & set(there))) for kind, there in every.items()}
    return {kind: some for kind, some in found.items() if some}


def _whole_numbers(layers: Collection[int]) -> set[int]:
    try:
        return {whole(layer) for layer in layers}
    except TypeError:
        raise InputError(f"layers is a list of layers, as [3], not {quote(layers)}") from None


def first_stack(
    spec: ModelSpec, info: ModelInfo, layers: Collection[int] | None, heads: Collection[Head]
) -> tuple[Kind, tuple[int, ...]]:
    """The map of the first stack, and its layers that are wanted, or those of some heads.

    Raises UnknownHead for what is not there.
    """
    stack = spec.stacks[0]
    wanted = wanted_layers(spec, info, (stack.kind,), {head.layer for head in heads} or layers)
    for layer, head in heads:
        n_heads = stack.layers[layer].attention.n_heads
        if head >= n_heads:
            there = span(range(n_heads))
            raise UnknownHead(f"there is no head {layer}.{head}; layer {layer} has heads {there}")
    return stack.kind, wanted[stack.kind]
