"""DeBERTa's convolution over the embeddings, added behind the first layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.core.activations import ACTIVATIONS
from attnviz.core.buffers import FloatArray
from attnviz.core.spec import Convolution, StackSpec
from attnviz.core.weights import StackWeights

__all__ = ["convolve"]


def convolve(
    stack: StackSpec,
    tensors: StackWeights,
    parts: Sequence[slice],
    first: FloatArray,
    x: FloatArray,
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
