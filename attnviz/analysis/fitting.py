"""Fitting a lens to annotated examples, and its probabilities to how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.lenses import NOTHING, Evidence, Lens
from attnviz.brief import brief
from attnviz.cores import one_blas_thread
from attnviz.errors import InputError

DoubleArray = npt.NDArray[np.float64]

STEPS = 100
"""How many steps of L-BFGS are taken at most; 60 are as good here."""


L2, L2_NOTHING = 100.0, 30.0
"""How much factors cost of candidates, and of nothing: chosen over parts of the training text."""

MOST_ROWS = 600_000
"""How many candidates are learnt from at most; of more examples every second or third is."""


class Example(NamedTuple):
    """What a lens reads of one query, and which of its candidates are right, bool (candidate,)."""

    evidence: Evidence
    right: npt.NDArray[np.bool_]

    def __repr__(self) -> str:
        return brief(self)


class Examples(NamedTuple):
    """Examples one behind the other, in a few large arrays that travel at once.

    ``candidates`` float32 and ``right`` bool have the candidates of all queries, ``sizes`` int
    (query,) how many each has, ``nothing`` float32 (query, 6 · layer · head); see ``Evidence``.
    """

    candidates: npt.NDArray[np.float32]
    nothing: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Examples:
        """At least one example."""
        return cls(
            np.concatenate([one.evidence.candidates for one in examples]),
            np.stack([one.evidence.nothing for one in examples]),
            np.concatenate([one.right for one in examples]),
            np.asarray([len(one.right) for one in examples]),
        )

    def each(self) -> list[Example]:
        """One by one, each a view."""
        ends = np.cumsum(self.sizes)[:-1]
        parts = np.split(self.candidates, ends), self.nothing, np.split(self.right, ends)
        return [
            Example(Evidence(some, none), right) for some, none, right in zip(*parts, strict=True)
        ]

    def __repr__(self) -> str:
        return brief(self)


class _Batch:
    """All examples stacked, standardised to mean 0 and deviation 1, and their loss."""

    def __init__(self, examples: Sequence[Example], n_nothing: int) -> None:
        self.sizes = np.asarray([len(one.right) for one in examples])
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        rows = np.concatenate([one.evidence.candidates for one in examples])
        none = np.stack([one.evidence.nothing[:n_nothing] for one in examples])
        self.mean, self.scale = rows.mean(axis=0), _deviation(rows)
        self.none_mean, self.none_scale = none.mean(axis=0), _deviation(none)
        self.rows, self.none = rows, none
        self.rows -= self.mean
        self.rows /= self.scale
        self.none -= self.none_mean
        self.none /= self.none_scale
        self.right = np.concatenate([one.right for one in examples])
        self.nothing = ~np.logical_or.reduceat(self.right, self.starts)

    def costs(self, l2: float, l2_nothing: float) -> DoubleArray:
        """What each factor costs; the last is free."""
        n, nothing = self.rows.shape[1], self.none.shape[1]
        return np.concatenate([np.full(n, l2), np.full(nothing, l2_nothing), [0.0]])

    def loss(self, factors: DoubleArray, l2: DoubleArray) -> tuple[float, DoubleArray]:
        """Σ −log Σ p(right) + ½ Σ l2 · factors², and its gradient."""
        n, small = self.rows.shape[1], factors.astype(np.float32)
        scores = (self.rows @ small[:n]).astype(np.float64)
        none = (self.none @ small[n:-1] + small[-1]).astype(np.float64)
        top = np.maximum(np.maximum.reduceat(scores, self.starts), none)
        shares, none = np.exp(scores - np.repeat(top, self.sizes)), np.exp(none - top)
        total = np.add.reduceat(shares, self.starts) + none
        hit = np.add.reduceat(shares * self.right, self.starts) + none * self.nothing
        pull = shares * (
            np.repeat(1 / total, self.sizes) - self.right * np.repeat(1 / hit, self.sizes)
        )
        pull_none = none * (1 / total - self.nothing / hit)
        decayed = factors * l2
        slope = np.concatenate(
            [
                self.rows.T @ pull.astype(np.float32),
                self.none.T @ pull_none.astype(np.float32),
                [pull_none.sum()],
            ]
        )
        return float(np.log(total / hit).sum() + decayed @ factors / 2), slope + decayed


def fit(
    relation: str,
    examples: Sequence[Example],
    shape: tuple[int, int],
    *,
    l2: float = L2,
    l2_nothing: float = L2_NOTHING,
    kinds: int = len(NOTHING),
) -> Lens:
    """The lens that makes the right candidates most probable, by L-BFGS (Liu and Nocedal 1989).

    ``shape`` is (layer, head). The loss of an example is −log of the probability of all right
    candidates together, or of none where there is no right one. Of ``NOTHING`` the first ``kinds``
    are read. Products are on one thread of BLAS, so that the same examples give the same bits.
    Needs SciPy; InputError without it and where there are no examples.
    """
    minimize = minimizer()
    one_blas_thread()
    usable = [one for one in examples if len(one.right)]
    if not any(one.right.any() for one in usable):
        raise InputError(
            f"there is no example of {relation} in this text, so no lens can be fitted"
        )
    n_rows = sum(len(one.right) for one in usable)
    batch = _Batch(usable[:: 1 + n_rows // MOST_ROWS], kinds * shape[0] * shape[1])
    costs = batch.costs(l2, l2_nothing)
    start, steps = np.zeros(len(costs)), {"maxiter": STEPS}
    found = minimize(batch.loss, start, (costs,), "L-BFGS-B", jac=True, options=steps).x
    return _lens(relation, batch, found, shape)


def _lens(relation: str, batch: _Batch, factors: DoubleArray, shape: tuple[int, int]) -> Lens:
    """The factors as they are for evidence that is not standardised."""
    n, heads = batch.rows.shape[1], shape[0] * shape[1]
    some, none = factors[:n] / batch.scale, factors[n:-1] / batch.none_scale
    unread = len(NOTHING) - len(none) // heads
    return Lens(
        relation,
        on=some[:heads].reshape(shape),
        back=some[heads : 2 * heads].reshape(shape),
        place=some[2 * heads :],
        nothing=np.pad(none.reshape(-1, *shape), ((0, unread), (0, 0), (0, 0))),
        none=float(factors[-1] - none @ batch.none_mean + some @ batch.mean),
    )


def platt(shares: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Slope and shift of the logistic curve from a share's logit to how often it is right.

    Platt (1999), with his smoothed targets. Needs SciPy. Without any share nothing is changed.
    """
    if not len(shares):
        return 1.0, 0.0
    minimize = minimizer()
    share = np.clip(np.asarray(shares, np.float64), 1e-6, 1 - 1e-6)
    logits = np.log(share / (1 - share))
    hits = np.asarray(right, np.bool_)
    n_right, n_wrong = int(hits.sum()), int((~hits).sum())
    target = np.where(hits, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))

    def loss(found: DoubleArray) -> float:
        z = found[0] * logits + found[1]
        return float((np.logaddexp(0, z) - target * z).sum())

    slope, shift = minimize(loss, np.asarray([1.0, 0.0])).x
    return float(slope), float(shift)


def minimizer() -> Callable[..., Any]:
    """``scipy.optimize.minimize``; InputError without SciPy."""
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise InputError(
            "fitting a lens needs SciPy; install it with pip install 'attnviz[fit]'"
        ) from None
    found: Callable[..., Any] = minimize
    return found


def _deviation(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    deviation: npt.NDArray[np.float32] = rows.std(axis=0)
    return np.where(deviation > 1e-6, deviation, np.float32(1))
