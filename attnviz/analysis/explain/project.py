"""Queries, keys and values of one head: projected, normed, rotated (float64)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.recorded import RecordedHead
from attnviz.core.positions import rotary_table, rotate_
from attnviz.core.weights import NormWeights

__all__ = ["Float64Array", "Projected", "normed", "project"]

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """x Wᵀ + b of one head (Vaswani et al. 2017, sec. 3.2.2), and what is done to it behind that.

    ``weight`` is (d_head, d_model), ``bias`` (d_head,); ``projected``, ``normed`` and ``rotated``
    are (token, d_head), the last two None where the model does not.
    """

    weight: Float64Array
    bias: Float64Array | None
    projected: Float64Array
    normed: Float64Array | None = None
    rotated: Float64Array | None = None

    @property
    def vectors(self) -> Float64Array:
        """What goes into attention, (token, d_head)."""
        found = self.projected if self.normed is None else self.normed
        return found if self.rotated is None else self.rotated


def project(recorded: RecordedHead, x: Any, side: int, tokens: slice) -> Projected:
    """Queries (side 0), keys (1) or values (2) of x (token, d_model), which are ``tokens``."""
    spec, weights = recorded.spec, recorded.projections
    head = recorded.head.head if side == 0 else recorded.key_head
    mine = slice(head * spec.d_head, (head + 1) * spec.d_head)
    linear = weights.qkv.outputs(spec.sides[side])
    x = np.asarray(x, np.float64)
    whole = x @ np.asarray(linear.weight, np.float64).T
    if linear.bias is not None:
        whole += linear.bias
    behind = None
    if (norm := (weights.query_norm, weights.key_norm, None)[side]) is not None:
        behind = _qk_norm(whole, norm, recorded)[:, mine]
    found = whole[:, mine] if behind is None else behind
    return Projected(
        weight=np.asarray(linear.weight[mine], np.float64),
        bias=None if linear.bias is None else np.asarray(linear.bias[mine], np.float64),
        projected=whole[:, mine],
        normed=behind,
        rotated=None if side == 2 else _rotated(recorded, found, tokens),
    )


def _qk_norm(whole: Float64Array, norm: NormWeights, recorded: RecordedHead) -> Float64Array:
    """Queries or keys of all heads (token, head · d_head), normed as the model does it."""
    if recorded.spec.qk_norm_over == "all":
        return normed(whole, norm)
    heads = whole.reshape(len(whole), -1, recorded.spec.d_head)
    return normed(heads, norm).reshape(whole.shape)


def normed(x: Float64Array, norm: NormWeights) -> Float64Array:
    """Layer norm (Ba et al. 2016, eq. 4) or RMS norm (Zhang & Sennrich 2019, eq. 4) of x (…, d)."""
    if norm.spec.kind == "layer":
        x = x - x.mean(axis=-1, keepdims=True)
    found: Float64Array = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + norm.spec.eps)
    if norm.weight is not None:
        found = found * (norm.weight + norm.spec.shift)
    return found if norm.bias is None else found + norm.bias


def _rotated(recorded: RecordedHead, x: Float64Array, tokens: slice) -> Float64Array | None:
    """x (token, d_head) turned by its positions (Su et al. 2021, eq. 34), where the model does."""
    rotary = recorded.spec.rotary
    if rotary is None or recorded.kind == "cross":
        return None
    cos, sin = rotary_table(rotary, len(recorded.tokens))
    found = x.copy()[:, None]
    rotate_(found, cos[tokens], sin[tokens], interleaved=rotary.interleaved)  # type: ignore[arg-type]
    return found[:, 0]
