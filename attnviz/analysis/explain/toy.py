"""Attention on matrices that a learner can hold: the same steps, drawn from a seed or given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure


Float64Array = npt.NDArray[np.float64]
Init = Literal["xavier", "randn"]
MOST = 4096  # of tokens or numbers of one vector; nobody holds more


@dataclass(frozen=True, slots=True)
class Drawing:
    """How the matrices are drawn: X, W_q, W_k, W_v, in this order, after ``np.random.seed``.

    "xavier" draws weights evenly within ±√(6 / (rows + columns)) (Glorot & Bengio 2010, eq. 16),
    "randn" by the normal distribution; X is always drawn by that. ``tied`` uses W_q for all three.
    """

    d_model: int = 5
    d_head: int = 3
    n_heads: int = 1
    seed: int = 0
    init: Init = "xavier"
    tied: bool = False

    def __post_init__(self) -> None:
        sizes = {"d-model": self.d_model, "d-head": self.d_head, "heads": self.n_heads}
        for name, size in sizes.items():
            if not 1 <= size <= MOST:
                raise InputError(f"--{name} {size} cannot be drawn; take 1 to {MOST}")


@dataclass(frozen=True, slots=True, eq=False)
class Toy(ShownAsPage):
    """Queries, keys and values (head, token, d_head), and what comes of them.

    ``x`` (token, d_model) and the weights (d_model, head · d_head) are None where queries, keys
    and values were given; ``divisor`` is what scores are divided by. ``dots``, ``scores`` and
    ``weights`` are (head, query, key), ``contexts`` (head, query, d_head), ``output``
    (query, head · d_head) all heads side by side. ``features`` says that x stands on its side:
    its rows are features, not tokens.
    """

    labels: tuple[str, ...]
    x: Float64Array | None
    weights_q: Float64Array | None
    weights_k: Float64Array | None
    weights_v: Float64Array | None
    q: Float64Array
    k: Float64Array
    v: Float64Array
    divisor: float
    dots: Float64Array
    scores: Float64Array
    weights: Float64Array
    contexts: Float64Array
    output: Float64Array
    drawing: Drawing | None = None
    tied: bool = False
    features: bool = False

    __repr__ = brief

    def figure(self, **style: Any) -> Figure:
        """All steps as a matplotlib Figure, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or every number (.json)."""
        display().save(self, path, **style)


def draw_toy(
    labels: Sequence[str],
    drawing: Drawing,
    *,
    x: Float64Array | None = None,
    scale: str | float | None = None,
    causal: bool = False,
) -> Toy:
    """Attention over an X that is drawn, or given as (token, d_model), with drawn weights."""
    stream = np.random.RandomState(drawing.seed)
    given = x is not None
    found = stream.randn(len(labels), drawing.d_model) if x is None else _matrix(x, "--x")
    n, d_model = found.shape
    width = drawing.n_heads * drawing.d_head
    features = given and bool(labels) and n != len(labels) == d_model
    if given and not features and labels and n != len(labels):
        raise InputError(
            f"--x has {n} rows but the text has {len(labels)} words; give one for each"
        )
    names = [f"feature {i}" for i in range(n)] if features else list(labels)
    names = names or [f"token {i}" for i in range(n)]
    w_q = _drawn(stream, d_model, width, drawing.init)
    w_k, w_v = (
        w_q if drawing.tied else _drawn(stream, d_model, width, drawing.init) for _ in range(2)
    )
    q, k, v = (_split(found @ w, drawing.n_heads) for w in (w_q, w_k, w_v))
    divisor = _divisor(scale, drawing.d_head, d_model)
    return _attend(
        names, q, k, v, divisor, causal=causal, x=found, weights_q=w_q, weights_k=w_k,
        weights_v=w_v, drawing=drawing, tied=drawing.tied, features=features,
    )  # fmt: skip


def attend_toy(
    q: Float64Array,
    k: Float64Array,
    v: Float64Array,
    *,
    scale: str | float | None = None,
    causal: bool = False,
) -> Toy:
    """Attention of given queries (query, d), keys (key, d) and values (key, d_value)."""
    q, k, v = (_matrix(each, name) for each, name in ((q, "--q"), (k, "--k"), (v, "--v")))
    if q.shape[1] != k.shape[1]:
        raise InputError(
            f"--q has vectors of {q.shape[1]} numbers and --k of {k.shape[1]}; their product needs "
            "as many in both"
        )
    if len(k) != len(v):
        raise InputError(f"--k has {len(k)} keys and --v {len(v)} values; give one for each")
    if causal and len(q) != len(k):
        raise InputError("--causal needs as many queries as keys")
    divisor = _divisor(scale, q.shape[1], q.shape[1])
    names = [f"key {i}" for i in range(len(k))]
    return _attend(names, q[None], k[None], v[None], divisor, causal=causal)


def largest(toy: Toy) -> float:
    """The largest weight of all; near 1 in a softmax that is saturated."""
    return float(toy.weights.max())


def _attend(
    labels: Sequence[str],
    q: Float64Array,
    k: Float64Array,
    v: Float64Array,
    divisor: float,
    *,
    causal: bool,
    **rest: Any,
) -> Toy:
    """softmax(QKᵀ/divisor) V of each head, and the heads side by side."""
    dots = q @ k.mT
    scores = dots / divisor
    if causal:
        scores = np.where(np.tri(*scores.shape[1:]) > 0, scores, -np.inf)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exponentials / exponentials.sum(axis=-1, keepdims=True)
    contexts = weights @ v
    side = {"x": None, "weights_q": None, "weights_k": None, "weights_v": None} | rest
    return Toy(
        labels=tuple(labels), q=q, k=k, v=v, divisor=divisor, dots=dots, scores=scores,
        weights=weights, contexts=contexts,
        output=contexts.transpose(1, 0, 2).reshape(contexts.shape[1], -1), **side,
    )  # fmt: skip


def _divisor(scale: str | float | None, d_head: int, d_model: int) -> float:
    named = {None: math.sqrt(d_head), "none": 1.0, "d_model": math.sqrt(d_model)}
    if scale in named:
        return named[scale]
    try:
        factor = float(scale or 0)
    except ValueError:
        factor = 0.0
    if not (math.isfinite(factor) and factor != 0):
        raise InputError(
            f"'{scale}' is no scale; take none, d_model, or the number that scores are to be "
            "multiplied by, as 0.25"
        )
    return 1 / factor


def _drawn(stream: np.random.RandomState, rows: int, columns: int, init: Init) -> Float64Array:
    if init == "randn":
        return stream.randn(rows, columns)
    bound = math.sqrt(6 / (rows + columns))
    return stream.uniform(-bound, bound, (rows, columns))


def _split(x: Float64Array, n_heads: int) -> Float64Array:
    """x (token, head · d_head) seen as (head, token, d_head)."""
    return x.reshape(len(x), n_heads, -1).transpose(1, 0, 2)


def _matrix(x: Float64Array, name: str) -> Float64Array:
    found = np.atleast_2d(np.asarray(x, np.float64))
    if found.ndim != 2 or not found.size or max(found.shape) > MOST:
        raise InputError(f"{name} must be a matrix of at most {MOST} rows and columns")
    if not np.isfinite(found).all():
        raise InputError(f"{name} has something in it that is no finite number")
    return found
