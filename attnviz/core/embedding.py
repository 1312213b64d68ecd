"""From token ids to the first hidden states, and a convolution over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.core.activations import ACTIVATIONS
from attnviz.core.buffers import FloatArray, IntArray, states
from attnviz.core.hooks import Ids
from attnviz.core.positions import position_ids, sinusoids
from attnviz.core.spec import Convolution, PositionSpec, StackSpec
from attnviz.core.weights import StackWeights, Weights


def embed(
    stack: StackSpec,
    weights: Weights,
    tensors: StackWeights,
    sequences: Sequence[Ids],
    start: int = 0,
) -> FloatArray:
    """Hidden states (token of all sequences, d_model) before the first layer, from ``start`` on.

    Token embeddings (Vaswani et al. 2017, sec. 3.4) + positions + types, normed and projected.
    """
    spec, name, project = stack.embedding, stack.kind, tensors.project
    ids = [each.ids for each in sequences]
    new = np.concatenate([sequence[start:] for sequence in ids])
    found = weights.rows(f"{name}.token.weight", new, spec.d_embedding)
    if spec.scale != 1.0:
        found *= np.float32(spec.scale)
    if spec.masked is not None:
        found *= np.concatenate([unmasked(sequence, spec.masked)[start:] for sequence in ids])
    if project and spec.project == "tokens":
        found = project(found)
    if spec.positions:
        where = np.concatenate([position_ids(sequence, spec.positions)[start:] for sequence in ids])
        found += absolute_positions(weights, name, spec.positions, where, found.shape[1])
    if spec.n_types:
        kinds = [np.zeros_like(one.ids) if one.types is None else one.types for one in sequences]
        new = np.concatenate([types[start:] for types in kinds])
        found += weights.rows(f"{name}.type.weight", new, found.shape[1])
    x = states(*found.shape)
    x[...] = found
    if project and spec.project == "sum":
        x = project(x)
    if tensors.embedding_norm:
        x = tensors.embedding_norm(x, out=x)
    if stack.convolution:  # to which what is hidden is as what lies outside the text
        masks = [np.ones_like(each.ids) if each.mask is None else each.mask for each in sequences]
        x *= np.concatenate(masks)[:, None]
    return project(x) if project and spec.project == "normed" else x


def unmasked(ids: IntArray, masked: int) -> FloatArray:
    """What embeddings are multiplied by, (token, 1), where some are masked (Lin et al. 2023)."""
    shown: FloatArray = (ids != masked).astype(np.float32)[:, None]
    shown /= np.float32(max(shown.mean(), 1e-9))
    return shown


def absolute_positions(
    weights: Weights, name: str, spec: PositionSpec, where: IntArray, d: int
) -> FloatArray:
    """The positions that are added to the embeddings, stored or computed."""
    if spec.kind == "learned" or weights.has(f"{name}.position.weight"):
        return weights.rows(f"{name}.position.weight", where, d)
    found = sinusoids(where, d, spec.kind)
    if spec.kind == "fairseq" and spec.pad_id is not None:
        found[where == spec.pad_id] = 0
    return found


def convolve(
    stack: StackSpec, tensors: StackWeights, parts: list[slice], first: FloatArray, x: FloatArray
) -> None:
    """Add what the stack's convolution makes of the embeddings ``first`` to x, and norm, in place.

    Both are (token of all sequences, d_model); ``parts`` are the rows of each sequence, which
    the convolution sees with zeros around it.
    """
    spec, kernel, norm = stack.convolution, tensors.kernel, tensors.kernel_norm
    if spec is None or kernel is None or norm is None:
        return
    for part in parts:
        found = _slide(spec, kernel.weight, first[part])
        if kernel.bias is not None:
            found += kernel.bias
        x[part] = norm(ACTIVATIONS[spec.activation](found) + x[part])


def _slide(spec: Convolution, kernel: FloatArray, x: FloatArray) -> FloatArray:
    """One sequence x (token, d_model) convolved, as many tokens."""
    n, d = x.shape
    inputs, side = d // spec.groups, (spec.kernel - 1) // 2
    kernels = kernel.reshape(spec.groups, inputs, inputs, spec.kernel)
    groups = np.pad(x, ((side, side), (0, 0))).reshape(-1, spec.groups, inputs)
    found = np.zeros((n, spec.groups, inputs), np.float32)
    for k in range(spec.kernel):
        found += np.einsum("tgi,goi->tgo", groups[k : k + n], kernels[..., k], optimize=True)
    return found.reshape(n, d)
