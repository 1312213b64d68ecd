"""The tensors of one layer, packed for the products that use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from attnviz.core.activations import TRAINED, Activation, activation
from attnviz.core.buffers import FloatArray, IntArray, states
from attnviz.core.functional import normalise
from attnviz.core.spec import AttentionSpec, Buckets, Disentangled, LayerSpec, NormSpec, StackSpec
from attnviz.core.threads import ALONE, Sharing

__all__ = [
    "AttentionWeights", "LayerWeights", "Linear", "NormWeights", "StackWeights", "WeightCache",
    "Weights", "layer_weights", "stack_weights",
]  # fmt: skip

T = TypeVar("T")


class Weights(Protocol):
    """Where the core gets its tensors, by the core's own names, always float32."""

    def has(self, name: str) -> bool:
        """Whether the model has a tensor of that name."""

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name and shape, or None if the model has none."""

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        """Tensors (out, d_in) below each other as one, (sum of outs, d_in)."""

    def rows(self, name: str, rows: IntArray, width: int) -> FloatArray:
        """Only these rows of a table (…, width)."""


class Linear(NamedTuple):
    """x ↦ x weightᵀ + bias; weight (out, in), bias (out,) or None."""

    weight: FloatArray
    bias: FloatArray | None

    def __call__(
        self, x: FloatArray, out: FloatArray | None = None, sharing: Sharing = ALONE
    ) -> FloatArray:
        """Apply to x (row, in), into ``out`` (row, out) where it is given."""
        n, (width, d_in) = len(x), self.weight.shape
        found = states(n, width) if out is None else out
        shares = sharing.shares(width, n, d_in)
        sharing.each(lambda share: self.outputs(share).fill(x, found[:, share]), shares)
        return found

    def fill(self, x: FloatArray, out: FloatArray) -> None:
        """Apply to x (row, in), into ``out`` (row, out), on this thread."""
        np.matmul(x, self.weight.T, out=out)
        if self.bias is not None:
            out += self.bias

    def outputs(self, share: slice) -> Linear:
        """To some of the outputs alone."""
        return Linear(self.weight[share], self.bias if self.bias is None else self.bias[share])

    def inputs(self, share: slice) -> Linear:
        """From some of the inputs alone; the bias goes with the first."""
        return Linear(self.weight[:, share], None if share.start else self.bias)


class NormWeights(NamedTuple):
    """Weight and bias (d,) of a norm; None where it has none."""

    spec: NormSpec
    weight: FloatArray | None
    bias: FloatArray | None

    def __call__(self, x: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Apply to x (…, d), into ``out`` where it is given, which may be x itself."""
        return normalise(x, self.spec, self.weight, self.bias, out=out)


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """Projections of one attention sublayer; ``qkv`` has queries, keys, values below each other."""

    qkv: Linear
    output: Linear
    query_norm: NormWeights | None = None
    key_norm: NormWeights | None = None
    position_key: Linear | None = None
    position_query: Linear | None = None


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """Everything one layer multiplies with; ``up`` has the gate above it where gated."""

    attention: AttentionWeights
    up: Linear
    down: Linear
    norms: dict[str, NormWeights]
    activation: Activation
    cross: AttentionWeights | None = None


@dataclass(frozen=True, slots=True)
class StackWeights:
    """What a stack has beside its layers and the tables of its embeddings.

    ``relative`` has bucket scores (n_buckets, head), or relative embeddings (2 · span, d_model)
    for ``relative_norm``.
    """

    embedding_norm: NormWeights | None
    project: Linear | None
    relative: FloatArray | None
    relative_norm: NormWeights | None
    kernel: Linear | None
    kernel_norm: NormWeights | None
    norm: NormWeights | None
    project_out: Linear | None


@dataclass
class WeightCache:
    """Keeps what was loaded, first come first kept, up to ``budget`` bytes in all."""

    budget: int
    used: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    def load(self, name: str, build: Callable[[], T]) -> T:
        """What ``build`` makes, from memory if it is there."""
        if name in self.kept:
            found: T = self.kept[name]
            return found
        made = build()
        size = _n_bytes(made)
        if self.used + size <= self.budget:
            self.used += size
            self.kept[name] = made
        return made


def _n_bytes(tensors: Any) -> int:
    """Bytes of all arrays in weights."""
    if isinstance(tensors, np.ndarray):
        return tensors.nbytes
    if is_dataclass(tensors):
        tensors = [getattr(tensors, each.name) for each in fields(tensors)]
    elif isinstance(tensors, dict):
        tensors = list(tensors.values())
    return sum(map(_n_bytes, tensors)) if isinstance(tensors, list | tuple) else 0


def linear(weights: Weights, names: tuple[str, ...], outs: tuple[int, ...], d_in: int) -> Linear:
    """One linear map of several tensors below each other."""
    weight = weights.below([f"{name}.weight" for name in names], outs, d_in)
    biases = [weights.get(f"{name}.bias", out) for name, out in zip(names, outs, strict=True)]
    if all(bias is None for bias in biases):
        return Linear(weight, None)
    whole = [
        np.zeros(out, np.float32) if bias is None else bias
        for bias, out in zip(biases, outs, strict=True)
    ]
    return Linear(weight, np.concatenate(whole))


def required(weights: Weights, name: str, *shape: int) -> FloatArray:
    """A tensor the architecture cannot do without."""
    tensor = weights.get(name, *shape)
    if tensor is None:
        raise KeyError(name)
    return tensor


def norm(weights: Weights, name: str, spec: NormSpec, *shape: int) -> NormWeights:
    """Weight and bias of one norm, as far as the model has them."""
    bias = weights.get(f"{name}.bias", *shape) if spec.kind == "layer" else None
    return NormWeights(spec, weights.get(f"{name}.weight", *shape), bias)


def attention_weights(
    weights: Weights, prefix: str, spec: AttentionSpec, d_model: int
) -> AttentionWeights:
    """Read the projections of one attention sublayer."""
    d_query, d_key = spec.n_heads * spec.d_head, spec.n_kv_heads * spec.d_head
    names = (f"{prefix}.query", f"{prefix}.key", f"{prefix}.value")
    positions = spec.bias if isinstance(spec.bias, Disentangled) and not spec.bias.shared else None

    def projected(part: str, *, needed: object) -> Linear | None:
        return linear(weights, (f"{prefix}.{part}",), (d_query,), d_model) if needed else None

    return AttentionWeights(
        qkv=linear(weights, names, (d_query, d_key, d_key), d_model),
        output=linear(weights, (f"{prefix}.output",), (d_model,), d_query),
        query_norm=_qk_norm(weights, f"{prefix}.query_norm", spec, spec.n_heads),
        key_norm=_qk_norm(weights, f"{prefix}.key_norm", spec, spec.n_kv_heads),
        position_key=projected("position_key", needed=positions and positions.c2p),
        position_query=projected("position_query", needed=positions and positions.p2c),
    )


def _qk_norm(weights: Weights, name: str, spec: AttentionSpec, heads: int) -> NormWeights | None:
    if spec.qk_norm is None:
        return None
    shapes = {"head": (spec.d_head,), "heads": (heads, spec.d_head), "all": (heads * spec.d_head,)}
    return norm(weights, name, spec.qk_norm, *shapes[spec.qk_norm_over])


def layer_weights(weights: Weights, prefix: str, spec: LayerSpec, d_model: int) -> LayerWeights:
    """Read everything one layer needs."""
    mlp, d_ff, cross = spec.mlp, spec.mlp.d_ff, spec.cross
    names = (f"{prefix}.mlp.gate", f"{prefix}.mlp.up") if mlp.gated else (f"{prefix}.mlp.up",)
    trained = TRAINED.get(mlp.activation, ())
    parameters = [required(weights, f"{prefix}.mlp.activation.{name}", 1) for name in trained]
    norms = {
        name: norm(weights, f"{prefix}.{name}", spec.norm, d_model) for name in norm_names(spec)
    }
    return LayerWeights(
        attention=attention_weights(weights, f"{prefix}.attention", spec.attention, d_model),
        up=linear(weights, names, (d_ff,) * len(names), d_model),
        down=linear(weights, (f"{prefix}.mlp.down",), (d_model,), d_ff),
        norms=norms,
        activation=activation(mlp.activation, parameters),
        cross=attention_weights(weights, f"{prefix}.cross", cross, d_model) if cross else None,
    )


def norm_names(spec: LayerSpec) -> list[str]:
    """The norms of a layer, as "attention.norm_before"."""
    sublayers = ["attention"] * spec.attention_norm + ["cross"] * (spec.cross is not None)
    sublayers += ["mlp"] * spec.mlp_norm
    return [f"{sublayer}.norm_{place}" for sublayer in sublayers for place in spec.norms]


def stack_weights(weights: Weights, stack: StackSpec) -> StackWeights:
    """Read what a stack has beside its layers and the tables of its embeddings."""
    name, d, spec, convolution = stack.kind, stack.d_model, stack.embedding, stack.convolution
    width = d if spec.project in ("tokens", "sum") else spec.d_embedding
    first = stack.layers[0].attention if stack.layers else None
    bias = first.bias if first else None
    relative = None
    if first and isinstance(bias, Buckets):
        relative = required(weights, f"{name}.relative.weight", bias.n_buckets, first.n_heads)
    elif isinstance(bias, Disentangled):
        relative = required(weights, f"{name}.relative.weight", 2 * bias.span, d)
    kernel = convolution and (d, d // convolution.groups, convolution.kernel)

    def normed(part: str, spec: NormSpec | None, width: int = d) -> NormWeights | None:
        return norm(weights, f"{name}.{part}", spec, width) if spec else None

    def projected(part: str, out: int | None, d_in: int) -> Linear | None:
        return linear(weights, (f"{name}.{part}",), (out,), d_in) if out else None

    return StackWeights(
        normed("embedding_norm", spec.norm, width),
        projected("project", d if spec.project else None, spec.d_embedding),
        relative,
        normed("relative_norm", bias.norm if isinstance(bias, Disentangled) else None),
        Linear(
            required(weights, f"{name}.convolution.weight", *kernel),
            weights.get(f"{name}.convolution.bias", d),
        )
        if kernel
        else None,
        normed("convolution_norm", stack.layers[0].norm if kernel else None),
        normed("norm", stack.norm),
        projected("project_out", stack.project_out, d),
    )
