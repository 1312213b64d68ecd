"""Queries, keys and values of one head: projected, normed, rotated (float64)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.recorded import RecordedHead
from attnviz.brief import brief
from attnviz.core.positions import rotary_table, rotate_
from attnviz.core.weights import LatentWeights, Linear, NormWeights

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """x Wᵀ + b of one head (Vaswani et al. 2017, sec. 3.2.2), and what is done to it behind that.

    ``weight`` is (d_head, d_model), ``bias`` (d_head,); ``projected``, ``normed`` and ``rotated``
    are (token, d_head), the last two None where the model does not. ``latent`` (token, d) is what
    is projected in the place of x, where that is made of it first (DeepSeek-AI 2024, sec. 2.1);
    where the model norms what it has rotated, ``rotated`` comes before ``normed``.
    """

    weight: Float64Array
    bias: Float64Array | None
    projected: Float64Array
    normed: Float64Array | None = None
    rotated: Float64Array | None = None
    latent: Float64Array | None = None
    norm_turned: bool = False

    __repr__ = brief

    @property
    def vectors(self) -> Float64Array:
        """What goes into attention, (token, d_head)."""
        stages = [self.projected, self.normed, self.rotated]
        if self.norm_turned:
            stages = [self.projected, self.rotated, self.normed]
        return next(stage for stage in reversed(stages) if stage is not None)


def project(recorded: RecordedHead, x: Any, side: int, tokens: slice) -> Projected:
    """Queries (side 0), keys (1) or values (2) of x (token, d_model), which are ``tokens``."""
    spec, weights = recorded.spec, recorded.projections
    head = recorded.head.head if side == 0 else recorded.key_head
    width = spec.value_width if side == 2 else spec.d_head
    mine = slice(head * width, (head + 1) * width)
    linear = weights.side(spec, side, side)
    x = np.asarray(x, np.float64)
    latent = _latent(weights.latent, x, side)
    whole = (x if latent is None else latent) @ np.asarray(linear.weight, np.float64).T
    if linear.bias is not None:
        whole += linear.bias
    norm = (weights.query_norm, weights.key_norm, None)[side]
    return Projected(
        weight=np.asarray(linear.weight[mine], np.float64),
        bias=None if linear.bias is None else np.asarray(linear.bias[mine], np.float64),
        projected=whole[:, mine],
        latent=latent,
        norm_turned=spec.norm_turned,
        **_behind(recorded, whole, mine, norm, None if side == 2 else tokens),
    )


def _behind(
    recorded: RecordedHead,
    whole: Float64Array,
    mine: slice,
    norm: NormWeights | None,
    tokens: slice | None,
) -> dict[str, Float64Array | None]:
    """Queries or keys of the head, normed and rotated in the order that the model does it."""
    found: dict[str, Float64Array | None] = {"normed": None, "rotated": None}
    last = whole[:, mine]
    if norm is not None and not recorded.spec.norm_turned:
        found["normed"] = last = _qk_norm(whole, norm, recorded)[:, mine]
    if tokens is not None:
        found["rotated"] = _rotated(recorded, last, tokens)
    if norm is not None and recorded.spec.norm_turned:
        found["normed"] = normed(last if found["rotated"] is None else found["rotated"], norm)
    return found


def _latent(latent: LatentWeights | None, x: Float64Array, side: int) -> Float64Array | None:
    """What queries, or keys and values, are made of where that is not x itself."""
    if latent is None or (side == 0 and latent.query is None):
        return None
    if side == 0 and latent.query and latent.query_norm:
        return normed(_applied(latent.query, x), latent.query_norm)
    shared = _applied(latent.shared, x)
    first = shared.shape[1] - latent.turned
    return np.concatenate([normed(shared[:, :first], latent.norm), shared[:, first:]], axis=1)


def _applied(linear: Linear, x: Float64Array) -> Float64Array:
    found: Float64Array = x @ np.asarray(linear.weight, np.float64).T
    return found if linear.bias is None else found + linear.bias


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
        found = found * norm.weight
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
