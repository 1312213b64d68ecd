"""Which tensors make a layer, by the core's own names, and in which order they are packed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from attnviz.core.activations import TRAINED, activation
from attnviz.core.buffers import FloatArray
from attnviz.core.spec import AttentionSpec, Buckets, Disentangled, LayerSpec, NormSpec, StackSpec
from attnviz.core.weights import AttentionWeights, LayerWeights, Linear, NormWeights, StackWeights

__all__ = [
    "NamedTensors", "attention_weights", "layer_weights", "linear", "norm", "required",
    "stack_weights",
]  # fmt: skip


class NamedTensors(Protocol):
    """Tensors by the core's own names, always float32."""

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name and shape, or None if the model has none."""

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        """Tensors (out, d_in) below each other as one, (sum of outs, d_in)."""


def linear(
    tensors: NamedTensors, names: tuple[str, ...], outs: tuple[int, ...], d_in: int
) -> Linear:
    """One linear map of several tensors below each other."""
    weight = tensors.below([f"{name}.weight" for name in names], outs, d_in)
    biases = [tensors.get(f"{name}.bias", out) for name, out in zip(names, outs, strict=True)]
    if all(bias is None for bias in biases):
        return Linear(weight, None)
    whole = [
        np.zeros(out, np.float32) if bias is None else bias
        for bias, out in zip(biases, outs, strict=True)
    ]
    return Linear(weight, np.concatenate(whole))


def required(tensors: NamedTensors, name: str, *shape: int) -> FloatArray:
    """A tensor the architecture cannot do without."""
    tensor = tensors.get(name, *shape)
    if tensor is None:
        raise KeyError(name)
    return tensor


def norm(tensors: NamedTensors, name: str, spec: NormSpec, *shape: int) -> NormWeights:
    """Weight and bias of one norm, as far as the model has them."""
    bias = tensors.get(f"{name}.bias", *shape) if spec.kind == "layer" else None
    return NormWeights(spec, tensors.get(f"{name}.weight", *shape), bias)


def attention_weights(
    tensors: NamedTensors, prefix: str, spec: AttentionSpec, d_model: int
) -> AttentionWeights:
    """Read the projections of one attention sublayer."""
    d_query, d_key = spec.n_heads * spec.d_head, spec.n_kv_heads * spec.d_head
    names = (f"{prefix}.query", f"{prefix}.key", f"{prefix}.value")
    positions = spec.bias if isinstance(spec.bias, Disentangled) and not spec.bias.shared else None

    def projected(part: str, *, needed: object) -> Linear | None:
        return linear(tensors, (f"{prefix}.{part}",), (d_query,), d_model) if needed else None

    return AttentionWeights(
        qkv=linear(tensors, names, (d_query, d_key, d_key), d_model),
        output=linear(tensors, (f"{prefix}.output",), (d_model,), d_query),
        query_norm=_qk_norm(tensors, f"{prefix}.query_norm", spec, spec.n_heads),
        key_norm=_qk_norm(tensors, f"{prefix}.key_norm", spec, spec.n_kv_heads),
        position_key=projected("position_key", needed=positions and positions.c2p),
        position_query=projected("position_query", needed=positions and positions.p2c),
    )


def _qk_norm(
    tensors: NamedTensors, name: str, spec: AttentionSpec, heads: int
) -> NormWeights | None:
    if spec.qk_norm is None:
        return None
    shapes = {"head": (spec.d_head,), "heads": (heads, spec.d_head), "all": (heads * spec.d_head,)}
    return norm(tensors, name, spec.qk_norm, *shapes[spec.qk_norm_over])


def layer_weights(
    tensors: NamedTensors, prefix: str, spec: LayerSpec, d_model: int
) -> LayerWeights:
    """Read everything one layer needs."""
    mlp, d_ff, cross = spec.mlp, spec.mlp.d_ff, spec.cross
    names = (f"{prefix}.mlp.gate", f"{prefix}.mlp.up") if mlp.gated else (f"{prefix}.mlp.up",)
    trained = TRAINED.get(mlp.activation, ())
    parameters = [required(tensors, f"{prefix}.mlp.activation.{name}", 1) for name in trained]
    norms = {
        name: norm(tensors, f"{prefix}.{name}", spec.norm, d_model) for name in norm_names(spec)
    }
    return LayerWeights(
        attention=attention_weights(tensors, f"{prefix}.attention", spec.attention, d_model),
        up=linear(tensors, names, (d_ff,) * len(names), d_model),
        down=linear(tensors, (f"{prefix}.mlp.down",), (d_model,), d_ff),
        norms=norms,
        activation=activation(mlp.activation, parameters),
        cross=attention_weights(tensors, f"{prefix}.cross", cross, d_model) if cross else None,
    )


def norm_names(spec: LayerSpec) -> list[str]:
    """The norms of a layer, as "attention.norm_before"."""
    sublayers = ["attention"] * spec.attention_norm + ["cross"] * (spec.cross is not None)
    sublayers += ["mlp"] * spec.mlp_norm
    return [f"{sublayer}.norm_{place}" for sublayer in sublayers for place in spec.norms]


def stack_weights(tensors: NamedTensors, stack: StackSpec) -> StackWeights:
    """Read what a stack has beside its layers and the tables of its embeddings."""
    name, d, spec, convolution = stack.kind, stack.d_model, stack.embedding, stack.convolution
    width = d if spec.project in ("tokens", "sum") else spec.d_embedding
    first = stack.layers[0].attention if stack.layers else None
    bias = first.bias if first else None
    relative = None
    if first and isinstance(bias, Buckets):
        relative = required(tensors, f"{name}.relative.weight", bias.n_buckets, first.n_heads)
    elif isinstance(bias, Disentangled):
        relative = required(tensors, f"{name}.relative.weight", 2 * bias.span, d)
    kernel = convolution and (d, d // convolution.groups, convolution.kernel)

    def normed(part: str, spec: NormSpec | None, width: int = d) -> NormWeights | None:
        return norm(tensors, f"{name}.{part}", spec, width) if spec else None

    def projected(part: str, out: int | None, d_in: int) -> Linear | None:
        return linear(tensors, (f"{name}.{part}",), (out,), d_in) if out else None

    return StackWeights(
        normed("embedding_norm", spec.norm, width),
        projected("project", d if spec.project else None, spec.d_embedding),
        relative,
        normed("relative_norm", bias.norm if isinstance(bias, Disentangled) else None),
        Linear(
            required(tensors, f"{name}.convolution.weight", *kernel),
            tensors.get(f"{name}.convolution.bias", d),
        )
        if kernel
        else None,
        normed("convolution_norm", stack.layers[0].norm if kernel else None),
        normed("norm", stack.norm),
        projected("project_out", stack.project_out, d),
    )
