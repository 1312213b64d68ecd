"""The shape of every tensor of a model, by the core's own names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.spec import ModelSpec
from attnviz.errors import BadCheckpoint
from attnviz.families.layer_weights import layer_weights, stack_weights

Shape = tuple[int, ...]
LARGEST = 2**60  # numbers in a tensor, of which no file has so many


def shapes(spec: ModelSpec) -> dict[str, Shape]:
    """Shapes by name; a model need not have all of them, biases and heads for example."""
    found: dict[str, Shape] = {}
    asked = _Asked(found)
    for stack in spec.stacks:
        given, name = stack.embedding, stack.kind
        width = stack.d_model if given.project == "tokens" else given.d_embedding
        found[f"{name}.token.weight"] = (given.vocab_size, given.d_embedding)
        if given.positions:
            found[f"{name}.position.weight"] = (given.positions.size, width)
        if given.n_types:
            found[f"{name}.type.weight"] = (given.n_types, width)
        stack_weights(asked, stack)
        for number, layer in enumerate(stack.layers):
            weights = layer_weights(asked, f"{name}.{number}", layer, stack.d_model)
            if weights.experts and layer.mlp.experts:
                for expert in range(layer.mlp.experts.n):
                    weights.experts.read(expert)
    if spec.head:
        last = spec.stacks[-1]
        found["head.weight"] = (spec.head.vocab_size, last.project_out or last.d_model)
    return found | {
        f"{name.removesuffix('.weight')}.bias": shape[:1]
        for name, shape in found.items()
        if name.endswith(".weight")
    }


class _Asked:
    """Tensors that hold nothing, and note what shape each name is asked for in."""

    def __init__(self, found: dict[str, Shape]) -> None:
        self.found = found

    def get(self, name: str, *shape: int) -> FloatArray:
        self.found[name] = shape
        return _nothing(*shape)

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        for name, out in zip(names, outs, strict=True):
            self.get(name, out, d_in)
        return _nothing(sum(outs), d_in)

    def built(self, build: Callable[[], FloatArray], *shape: int) -> FloatArray:  # noqa: ARG002
        return _nothing(*shape)


def _nothing(*shape: int) -> FloatArray:
    """An array of a shape that holds one number, for a config may claim any size."""
    if math.prod(shape) > LARGEST:
        raise BadCheckpoint(f"config.json makes a tensor of the shape {shape}, which no file holds")
    return np.broadcast_to(np.float32(0), shape)
