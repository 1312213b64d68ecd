"""Which tensors make a layer, by the core's own names, and in which order they are packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from attnviz.core.activations import ACTIVATIONS, Activation
from attnviz.core.buffers import FloatArray
from attnviz.core.spec import (
    AttentionSpec,
    Buckets,
    Disentangled,
    Experts,
    Latent,
    LayerSpec,
    MLPSpec,
    NormSpec,
    StackSpec,
)
from attnviz.core.weights import (
    AttentionWeights,
    ExpertsWeights,
    LatentWeights,
    LayerWeights,
    Linear,
    MLPWeights,
    NormWeights,
    StackWeights,
)
from attnviz.families.activations import TRAINED


class NamedTensors(Protocol):
    """Tensors by the core's own names, always float32."""

    def get(self, name: str, *shape: int) -> FloatArray | None:
        """The tensor of that name and shape, or None if the model has none."""

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> FloatArray:
        """Tensors (out, d_in) below each other as one, (sum of outs, d_in)."""

    def built(self, build: Callable[[], FloatArray], *shape: int) -> FloatArray:
        """What is built of tensors, in this shape; who has only shapes need not build it."""


def linear(
    tensors: NamedTensors, names: tuple[str, ...], outs: tuple[int, ...], d_in: int
) -> Linear:
    """One linear map of several tensors below each other."""
    weight = tensors.below([f"{name}.weight" for name in names], outs, d_in)
    biases = [tensors.get(f"{name}.bias", out) for name, out in zip(names, outs, strict=True)]
    if all(bias is None for bias in biases):
        return Linear(weight, None)

    def whole() -> FloatArray:
        each = zip(biases, outs, strict=True)
        return np.concatenate([np.zeros(n, np.float32) if b is None else b for b, n in each])

    return Linear(weight, tensors.built(whole, sum(outs)))


def required(tensors: NamedTensors, name: str, *shape: int) -> FloatArray:
    """A tensor the architecture cannot do without."""
    tensor = tensors.get(name, *shape)
    if tensor is None:
        raise KeyError(name)
    return tensor


def norm(tensors: NamedTensors, name: str, spec: NormSpec, *shape: int) -> NormWeights:
    """Weight and bias of one norm, as far as the model has them."""
    bias = tensors.get(f"{name}.bias", *shape) if spec.kind == "layer" else None
    weight = tensors.get(f"{name}.weight", *shape)
    if weight is not None and spec.shift:
        stored = weight
        weight = tensors.built(lambda: stored + np.float32(spec.shift), *shape)
    return NormWeights(spec, weight, bias)


def attention_weights(
    tensors: NamedTensors,
    prefix: str,
    spec: AttentionSpec,
    d_model: int,
    *,
    crosses: bool = False,
) -> AttentionWeights:
    """Read the projections of one attention sublayer."""
    queries, keys, values = (side.stop - side.start for side in spec.sides)
    names = (f"{prefix}.query", f"{prefix}.key", f"{prefix}.value")
    positions = spec.bias if isinstance(spec.bias, Disentangled) and not spec.bias.shared else None
    sinks = required(tensors, f"{prefix}.sinks", spec.n_heads) if spec.sinks else None
    own = spec.bias if isinstance(spec.bias, Buckets) and spec.bias.own and not crosses else None
    memory: Linear | None = None
    latent: LatentWeights | None = None
    if spec.latent:
        qkv, memory, latent = _latent(tensors, prefix, spec, spec.latent, d_model)
    elif crosses:
        qkv = linear(tensors, names[:1], (queries,), d_model)
        memory = linear(tensors, names[1:], (keys, values), spec.d_memory or d_model)
    else:
        qkv = linear(tensors, names, (queries, keys, values), d_model)

    def projected(part: str, *, needed: object) -> Linear | None:
        return linear(tensors, (f"{prefix}.{part}",), (queries,), d_model) if needed else None

    return AttentionWeights(
        qkv=qkv,
        output=linear(tensors, (f"{prefix}.output",), (d_model,), spec.n_heads * spec.value_width),
        memory=memory,
        latent=latent,
        sinks=None if sinks is None else sinks[:, None, None],
        relative=required(tensors, f"{prefix}.relative.weight", own.n_buckets, spec.n_heads)
        if own
        else None,
        query_norm=_qk_norm(tensors, f"{prefix}.query_norm", spec, spec.n_heads),
        key_norm=_qk_norm(tensors, f"{prefix}.key_norm", spec, spec.n_kv_heads),
        position_key=projected("position_key", needed=positions and positions.c2p),
        position_query=projected("position_query", needed=positions and positions.p2c),
    )


def _latent(
    tensors: NamedTensors, prefix: str, spec: AttentionSpec, latent: Latent, d_model: int
) -> tuple[Linear, Linear, LatentWeights]:
    """What expands to queries, what to keys and values, and what makes the few numbers of x.

    Dimensions that turn come first in each head, and all heads take those of keys as they are.
    """
    heads, turned, width = spec.n_heads, latent.d_turned, latent.d_shared
    d_query, rest = latent.d_query or d_model, spec.d_head - turned

    def each(name: str, size: int, d_in: int) -> FloatArray:
        return required(tensors, f"{prefix}.{name}.weight", heads * size, d_in).reshape(
            heads, size, d_in
        )

    of_queries = each("query_turned", turned, d_query), each("query_rest", rest, d_query)
    of_keys, of_values = each("key", rest, width), each("value", spec.value_width, width)

    def queries() -> FloatArray:
        return np.concatenate(of_queries, axis=1).reshape(-1, d_query)

    def expanded() -> FloatArray:
        keys = np.zeros((heads, spec.d_head, width + turned), np.float32)
        keys[:, :turned, width:] = np.eye(turned, dtype=np.float32)
        keys[:, turned:, :width] = of_keys
        values = np.zeros((heads, spec.value_width, width + turned), np.float32)
        values[..., :width] = of_values
        return np.concatenate([one.reshape(-1, width + turned) for one in (keys, values)])

    both = tensors.built(expanded, heads * (spec.d_head + spec.value_width), width + turned)
    down, norms = (f"{prefix}.query_down",), (f"{prefix}.shared_norm", f"{prefix}.query_norm_down")
    made = LatentWeights(
        linear(tensors, (f"{prefix}.shared",), (width + turned,), d_model),
        turned,
        norm(tensors, norms[0], latent.norm, width),
        linear(tensors, down, (latent.d_query,), d_model) if latent.d_query else None,
        norm(tensors, norms[1], latent.norm, latent.d_query) if latent.d_query else None,
    )
    joined = tensors.built(queries, heads * spec.d_head, d_query)
    return Linear(joined, None), Linear(both, None), made


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
    cross, experts = spec.cross, spec.mlp.experts
    d_ff = experts.d_shared if experts else spec.mlp.d_ff
    norms = {
        name: norm(tensors, f"{prefix}.{name}", spec.norm, d_model) for name in norm_names(spec)
    }
    return LayerWeights(
        attention=attention_weights(tensors, f"{prefix}.attention", spec.attention, d_model),
        mlp=mlp_weights(tensors, f"{prefix}.mlp", spec.mlp, d_ff, d_model) if d_ff else None,
        norms=norms,
        cross=attention_weights(tensors, f"{prefix}.cross", cross, d_model, crosses=True)
        if cross
        else None,
        experts=_experts(tensors, f"{prefix}.mlp", spec.mlp, experts, d_model) if experts else None,
    )


def mlp_weights(
    tensors: NamedTensors, prefix: str, spec: MLPSpec, d_ff: int, d_model: int
) -> MLPWeights:
    """Read one feed-forward."""
    names = (f"{prefix}.gate", f"{prefix}.up") if spec.gated else (f"{prefix}.up",)
    return MLPWeights(
        linear(tensors, names, (d_ff,) * len(names), d_model),
        linear(tensors, (f"{prefix}.down",), (d_model,), d_ff),
        _activation(tensors, prefix, spec.activation),
    )


def _activation(tensors: NamedTensors, prefix: str, name: str) -> Activation:
    """An activation, with its parameters where it is trained."""
    if name not in TRAINED:
        return ACTIVATIONS[name]
    function, names = TRAINED[name]
    parameters = [required(tensors, f"{prefix}.activation.{each}", 1) for each in names]
    return lambda x: function(x, *parameters)


def _experts(
    tensors: NamedTensors, prefix: str, spec: MLPSpec, experts: Experts, d_model: int
) -> ExpertsWeights:
    """Read a router; its experts are read when they are needed."""
    gate = (f"{prefix}.shared_gate",)
    return ExpertsWeights(
        linear(tensors, (f"{prefix}.router",), (experts.n,), d_model),
        lambda n: mlp_weights(tensors, f"{prefix}.expert.{n}", spec, spec.d_ff, d_model),
        required(tensors, f"{prefix}.correction", experts.n) if experts.correction else None,
        linear(tensors, gate, (1,), d_model) if experts.shared_gate else None,
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
    if first and isinstance(bias, Buckets) and not bias.own:
        relative = required(tensors, f"{name}.relative.weight", bias.n_buckets, first.n_heads)
    elif isinstance(bias, Disentangled):
        relative = required(tensors, f"{name}.relative.weight", 2 * bias.span, d)
        if bias.norm:
            relative = norm(tensors, f"{name}.relative_norm", bias.norm, d)(relative)
    kernel = convolution and (d, d // convolution.groups, convolution.kernel)

    def normed(part: str, spec: NormSpec | None, width: int = d) -> NormWeights | None:
        return norm(tensors, f"{name}.{part}", spec, width) if spec else None

    def projected(part: str, out: int | None, d_in: int) -> Linear | None:
        return linear(tensors, (f"{name}.{part}",), (out,), d_in) if out else None

    return StackWeights(
        normed("embedding_norm", spec.norm, width),
        projected("project", d if spec.project else None, spec.d_embedding),
        relative,
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
