"""The tensors of one layer, packed for the products that use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from attnviz.core.activations import Activation
from attnviz.core.buffers import FloatArray, IntArray, states
from attnviz.core.functional import layer_norm, rms_norm
from attnviz.core.spec import AttentionSpec, LayerSpec, NormSpec, StackSpec
from attnviz.core.threads import ALONE, Sharing


class Weights(Protocol):
    """Where the core gets its tensors, by the core's own names, always float32."""

    def has(self, name: str) -> bool:
        """Whether the model has a tensor of that name."""

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name and shape, or None if the model has none."""

    def rows(self, name: str, rows: IntArray | slice, width: int) -> FloatArray:
        """Only these rows of a table (…, width); those of a slice are not to be written to."""

    def layer(self, name: str, spec: LayerSpec, d_model: int) -> LayerWeights:
        """Everything that the layer of that name, as "encoder.3", multiplies with."""

    def stack(self, stack: StackSpec) -> StackWeights:
        """What a stack has beside its layers and the tables of its embeddings."""


class Linear(NamedTuple):
    """x ↦ x weightᵀ + bias; weight (out, in), bias (out,) or None."""

    weight: FloatArray
    bias: FloatArray | None

    def __call__(self, x: FloatArray, sharing: Sharing = ALONE) -> FloatArray:
        """Apply to x (row, in); outputs (row, out) are shared."""
        n, (width, d_in) = len(x), self.weight.shape
        found = states(n, width)
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
    """Weight, shifted as its spec says, and bias (d,) of a norm; None where it has none."""

    spec: NormSpec
    weight: FloatArray | None
    bias: FloatArray | None

    def __call__(self, x: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """norm(x) · weight + bias of x (…, d), into ``out`` if given, which may be x itself."""
        norm = layer_norm if self.spec.kind == "layer" else rms_norm
        found = norm(x, self.spec.eps, out)
        if self.weight is not None:
            found *= self.weight
        if self.bias is not None:
            found += self.bias
        return found


@dataclass(frozen=True, slots=True)
class LatentWeights:
    """What keys and values share, its last ``turned`` numbers not normed, and what queries have."""

    shared: Linear
    turned: int
    norm: NormWeights
    query: Linear | None
    query_norm: NormWeights | None


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """Projections of one attention sublayer; ``qkv`` has queries, keys, values below each other.

    Where keys and values are not made of what queries are, they are in ``memory`` instead.
    """

    qkv: Linear
    output: Linear
    memory: Linear | None = None
    latent: LatentWeights | None = None
    sinks: FloatArray | None = None  # (n_heads, 1, 1)
    relative: FloatArray | None = None  # (n_buckets, n_heads)
    query_norm: NormWeights | None = None
    key_norm: NormWeights | None = None
    position_key: Linear | None = None
    position_query: Linear | None = None

    def side(self, spec: AttentionSpec, first: int, last: int) -> Linear:
        """The projection to queries (0), keys (1) and values (2), from one of them to another."""
        start, stop = spec.sides[first].start, spec.sides[last].stop
        if first == 0 or self.memory is None:
            return self.qkv.outputs(slice(start, stop))
        before = spec.sides[0].stop
        return self.memory.outputs(slice(start - before, stop - before))


@dataclass(frozen=True, slots=True)
class MLPWeights:
    """A feed-forward; ``up`` has the gate above it where gated."""

    up: Linear
    down: Linear
    activation: Activation


@dataclass(frozen=True, slots=True)
class ExpertsWeights:
    """A mixture of experts; ``read`` reads one when it is needed."""

    router: Linear
    read: Callable[[int], MLPWeights]
    correction: FloatArray | None = None
    shared_gate: Linear | None = None


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """Everything one layer multiplies with; ``mlp`` is the shared one where there are experts."""

    attention: AttentionWeights
    mlp: MLPWeights | None
    norms: dict[str, NormWeights]
    cross: AttentionWeights | None = None
    experts: ExpertsWeights | None = None


@dataclass(frozen=True, slots=True)
class StackWeights:
    """What a stack has beside its layers and the tables of its embeddings.

    ``relative`` has bucket scores (n_buckets, head), or relative embeddings (2 · span, d_model),
    normed where they have a norm.
    """

    embedding_norm: NormWeights | None
    project: Linear | None
    relative: FloatArray | None
    kernel: Linear | None
    kernel_norm: NormWeights | None
    norm: NormWeights | None
    project_out: Linear | None
