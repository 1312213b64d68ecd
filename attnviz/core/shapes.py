"""The shape of every tensor of a model, by the core's own names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.spec import Buckets, Disentangled, ModelSpec, StackSpec
from attnviz.core.weights import layer_weights

__all__ = ["shapes"]

Shape = tuple[int, ...]


def shapes(spec: ModelSpec) -> dict[str, Shape]:
    """Shapes by name; a model need not have all of them, biases and heads for example."""
    found: dict[str, Shape] = {}
    for stack in spec.stacks:
        found |= _embedding(stack) | _whole(stack)
        asked = _Asked(found)
        for number, layer in enumerate(stack.layers):
            layer_weights(asked, f"{stack.kind}.{number}", layer, stack.d_model)
    if spec.head:
        last = spec.stacks[-1]
        found["head.weight"] = (spec.head.vocab_size, last.project_out or last.d_model)
    return found | {
        f"{name.removesuffix('.weight')}.bias": shape[:1]
        for name, shape in found.items()
        if name.endswith(".weight")
    }


def _embedding(stack: StackSpec) -> dict[str, Shape]:
    """The tables, the norm and the projection in front of the layers."""
    spec, name = stack.embedding, stack.kind
    width = stack.d_model if spec.project == "tokens" else spec.d_embedding
    found: dict[str, Shape] = {f"{name}.token.weight": (spec.vocab_size, spec.d_embedding)}
    if spec.positions:
        found[f"{name}.position.weight"] = (spec.positions.size, width)
    if spec.n_types:
        found[f"{name}.type.weight"] = (spec.n_types, width)
    if spec.norm:
        normed = stack.d_model if spec.project == "sum" else width
        found[f"{name}.embedding_norm.weight"] = (normed,)
    if spec.project:
        found[f"{name}.project.weight"] = (stack.d_model, spec.d_embedding)
    return found


def _whole(stack: StackSpec) -> dict[str, Shape]:
    """What all layers share, and what stands behind them."""
    name, d = stack.kind, stack.d_model
    found: dict[str, Shape] = {}
    first = stack.layers[0].attention if stack.layers else None
    match first and first.bias:
        case Buckets(n_buckets=n_buckets) if first:
            found[f"{name}.relative.weight"] = (n_buckets, first.n_heads)
        case Disentangled(span=span, norm=norm):
            found[f"{name}.relative.weight"] = (2 * span, d)
            found |= {f"{name}.relative_norm.weight": (d,)} if norm else {}
    if stack.convolution:
        kernel, groups = stack.convolution.kernel, stack.convolution.groups
        found[f"{name}.convolution.weight"] = (d, d // groups, kernel)
        found[f"{name}.convolution_norm.weight"] = (d,)
    if stack.norm:
        found[f"{name}.norm.weight"] = (d,)
    if stack.project_out:
        found[f"{name}.project_out.weight"] = (stack.project_out, d)
    return found


class _Asked:
    """Weights that hold nothing, and note what shape each name is asked for in."""

    def __init__(self, found: dict[str, Shape]) -> None:
        self.found = found

    def has(self, name: str) -> bool:  # noqa: ARG002
        return True

    def get(self, name: str, *shape: int) -> FloatArray:
        self.found[name] = shape
        return np.empty(0, np.float32)

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        return np.concatenate(
            [self.get(name, out, d_in) for name, out in zip(names, outs, strict=True)]
        )

    def rows(self, name: str, rows: IntArray, width: int) -> FloatArray:
        return self.get(name, len(rows), width)
