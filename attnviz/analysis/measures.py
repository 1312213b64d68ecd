"""What can be measured of a head: for each measure, what is summed over texts and divided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.result import FloatArray

BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

AWAY = 1 << 30
"""The position of a key that is padding: behind all others, and next to none."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What the queries that are measured and the keys of a map are, for some texts.

    The texts are padded to the longest: ``queries`` bool (text, query) are those that there are.
    ``keys`` (text, 1, key) are positions in the text, AWAY for padding, ``ahead`` (text, query,
    key) how far behind its query a key stands, ``special`` bool (text, 1, key) and ``same`` bool
    (text, query, key) the other keys with the same word. ``causal`` says that no query sees what
    comes after it, ``aligned`` that queries and keys are one text.
    """

    queries: BoolArray
    keys: IntArray
    ahead: IntArray
    special: BoolArray
    same: BoolArray
    causal: bool
    aligned: bool

    __repr__ = brief

    def at(self, offset: int) -> BoolArray:
        """Where (text, query, key) a key is ``offset`` after its query; nowhere in two texts."""
        found: BoolArray = self.ahead == offset if self.aligned else np.zeros_like(self.same)
        return found


class Weighted(NamedTuple):
    """A sum over a text, Σ w f: ``factor`` gives f ≥ 0 (text, query, key), or that of any query.

    What it says of padding is not looked at, but it is 0 where a query has no such key.
    """

    factor: Callable[[Units], npt.NDArray[Any]]

    def __repr__(self) -> str:
        return brief(self)


class Summed(NamedTuple):
    """A sum over a text of what ``rows`` makes of weights (…, query, key), for each head."""

    rows: Callable[[FloatArray], DoubleArray]

    def __repr__(self) -> str:
        return brief(self)


class Counted(NamedTuple):
    """What is the same for every head of a text: ``counted`` gives it (text,)."""

    counted: Callable[[Units], npt.NDArray[Any]]


class Having(NamedTuple):
    """How many queries have such a key at all, the same for every head of a text."""

    keys: Weighted


Side = Weighted | Summed | Counted | Having


class Measure(NamedTuple):
    """One number for each head: what it is, who defined it, and what is divided by what.

    Both sides are sums, so that texts add up; only queries that count are in them.
    """

    title: str
    source: str
    above: Weighted | Summed
    below: Weighted | Counted | Having


SHORT = 96  # keys of a row that is too short for a loop of its own


def _entropy(weights: FloatArray) -> DoubleArray:
    """−Σ w log₂ w of each head, in bits; a weight of 0 adds nothing."""
    logs = weights + np.finfo(np.float32).tiny
    np.log2(logs, out=logs)
    flat = (*weights.shape[:-2], -1)
    found: DoubleArray = -np.vecdot(weights.reshape(flat), logs.reshape(flat)).astype(np.float64)
    return found


def _most(units: Units) -> DoubleArray:
    """The largest entropy that there could be: that of equal weight on every key in sight."""
    seen = (units.ahead <= 0 if units.causal else units.keys < AWAY).sum(axis=-1)
    found: DoubleArray = (np.log2(np.maximum(seen, 1)) * units.queries).sum(axis=-1)
    return found


def _largest(weights: FloatArray) -> DoubleArray:
    short = 4 <= weights.shape[-1] < SHORT
    most = _most_of_short(weights) if short else weights.max(axis=-1)
    found: DoubleArray = most.sum(axis=-1, dtype=np.float64)
    return found


def _most_of_short(weights: FloatArray) -> FloatArray:
    """The largest of each row: of four neighbours, wherever they begin, and then of these.

    Rows of 20 keys take 0.2 of the time of a loop over each, 80 take 0.6.
    """
    n = weights.shape[-1]
    of_two = np.maximum(weights.reshape(-1)[:-1], weights.reshape(-1)[1:])
    of_four = np.maximum(of_two[:-2], of_two[2:])
    rows = np.ndarray((weights.size // n, n - 3), np.float32, of_four, 0, (4 * n, 4))
    most = np.maximum(rows[:, ::4].T.copy().max(axis=0), rows[:, -1])
    found: FloatArray = most.reshape(weights.shape[:-1])
    return found


def _ordinary(units: Units) -> BoolArray:
    """Keys that are no special tokens, where positions can be compared."""
    return ~units.special if units.aligned else np.zeros_like(units.special)


def _apart(units: Units) -> IntArray:
    """|query − key|, of keys that are no special tokens."""
    found: IntArray = np.abs(units.ahead) * _ordinary(units)
    return found


def _weight_on(where: Callable[[Units], BoolArray]) -> tuple[Weighted, Having]:
    """The mean weight on some keys, over the queries that have such a key."""
    weighted = Weighted(where)
    return weighted, Having(weighted)


ENTROPY = Summed(_entropy)
QUERIES = Counted(lambda units: units.queries.sum(axis=-1))

MEASURES: Mapping[str, Measure] = {
    "entropy": Measure("entropy in bits", "Clark et al. 2019, section 3.3", ENTROPY, QUERIES),
    "spread": Measure(
        "entropy as a share of its maximum",
        "the same, by log₂ of the keys in sight",
        ENTROPY,
        Counted(_most),
    ),
    "largest": Measure(
        "mean largest weight",
        "Voita et al. 2019, section 4, confidence",
        Summed(_largest),
        QUERIES,
    ),
    "distance": Measure(
        "mean distance in words",
        "Vig and Belinkov 2019, attention distance",
        Weighted(_apart),
        Weighted(_ordinary),
    ),
    "special": Measure(
        "weight on special tokens",
        "Clark et al. 2019, section 3.2",
        *_weight_on(lambda units: units.special),
    ),
    "first": Measure(
        "weight on the first token",
        "Xiao et al. 2024, section 3.1, attention sink",
        *_weight_on(lambda units: units.keys == 0),
    ),
    "self": Measure(
        "weight on the word itself",
        "Clark et al. 2019, section 3.1",
        *_weight_on(lambda units: units.at(0)),
    ),
    "previous": Measure(
        "weight on the word before",
        "Clark et al. 2019, section 3.1",
        *_weight_on(lambda units: units.at(-1)),
    ),
    "next": Measure(
        "weight on the word after",
        "Clark et al. 2019, section 3.1",
        *_weight_on(lambda units: np.zeros_like(units.same) if units.causal else units.at(1)),
    ),
    "same": Measure(
        "weight on the same word elsewhere",
        "Wang et al. 2023, section 3, duplicate token heads",
        *_weight_on(lambda units: units.same),
    ),
}
"""Every measure of a map, by its name, in the order of tables.

A query counts unless it is a special token. A weight is a mean over the queries that have such a
key: the first word has none before it. What no query has is NaN, as everything that compares
positions is where queries and keys are two texts.
"""


SIDES: tuple[Side, ...] = tuple(
    dict.fromkeys(side for one in MEASURES.values() for side in one[2:])
)
"""Every sum that some measure is made of, each once."""
