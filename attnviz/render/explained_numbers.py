"""The numbers of a walk as they are written, the same digits in every medium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain import Explanation, Step
from attnviz.render.explained import key_names, three_digits

MOST_KEYS, MOST_TERMS, MOST_NUMBERS = 12, 6, 8
Array = npt.NDArray[Any]


class Term(NamedTuple):
    """One product of a sum: its name, both factors and what they make; the rest has no factors."""

    name: str
    left: str
    right: str
    product: str


class Sum(NamedTuple):
    """The largest products of a sum, what the others add up to, and the whole."""

    terms: tuple[Term, ...]
    rest: Term | None
    total: Term


class KeyRow(NamedTuple):
    """A key's numbers; ``key`` is its place."""

    key: int
    name: str
    entries: tuple[str, ...]


class KeyTable(NamedTuple):
    """What is told of each key, in their order; of many, of those with the largest weights.

    ``others`` are the sums over the keys left out and ``total`` those over all, where they say
    something; both are empty where they do not.
    """

    columns: tuple[str, ...]
    rows: tuple[KeyRow, ...]
    n_others: int
    others: tuple[str, ...]
    total: tuple[str, ...]


def product_sum(walk: Explanation, key: int | None = None) -> Sum:
    """The products that make the score of a key, the strongest by default (the neuron view)."""
    q, k = walk.query.vectors[0], walk.keys.vectors[walk.strongest if key is None else key]
    return _sum([f"q{i} · k{i}" for i in range(len(q))], q, k, "q · k")


def context_sum(walk: Explanation) -> Sum:
    """How the largest number of the weighted sum of values comes about."""
    at = int(np.abs(walk.context).argmax())
    names = [f"{name} · v{at}" for name in key_names(walk)]
    return _sum(names, walk.weights, walk.values.vectors[:, at], f"c{at}")


def scores(walk: Explanation) -> KeyTable:
    """From products to weights, for each key."""
    columns = [("q·k", walk.dots), ("scaled", walk.scaled), *walk.biases.items()]
    if walk.capped is not None:
        columns.append(("capped", walk.capped))
    columns += [("e^score", walk.softmax.exponentials), ("weight", walk.weights)]
    return _table(walk, columns if walk.before is None else [*columns, ("before", walk.before)])


def weighed(walk: Explanation) -> KeyTable:
    """From the final score of each key to its weight."""
    columns = [("score", walk.scores), ("e^score", walk.softmax.exponentials)]
    more = [] if walk.before is None else [("before", walk.before)]
    return _table(walk, [*columns, ("weight", walk.weights), *more])


def scaling(walk: Explanation) -> KeyTable:
    """Each key's score before and after scaling, and the weight that it would have without."""
    columns = [("q·k", walk.dots), ("scaled", walk.scaled), ("weight", walk.weights)]
    more = [] if walk.unscaled is None else [("unscaled weight", walk.unscaled)]
    return _table(walk, columns + more)


def biased(walk: Explanation) -> KeyTable:
    """What positions, a soft cap and the mask make of each key's score, and what follows of it."""
    columns = [("scaled", walk.scaled), *walk.biases.items()]
    more = [] if walk.capped is None else [("capped", walk.capped)]
    return _table(walk, [*columns, *more, ("score", walk.scores)])


def effects(walk: Explanation) -> KeyTable:
    """Each key's weight beside the length of its value and of what it adds to the output."""
    lengths = np.linalg.norm(walk.values.vectors, axis=1)
    norms = np.linalg.norm(walk.contributions, axis=1)
    return _table(walk, [("weight", walk.weights), ("‖v‖", lengths), ("adds", norms)])


def shown_keys(walk: Explanation) -> list[int]:
    """The keys that are written out: all or, of many, the visible ones with most weight."""
    order = np.argsort(-walk.weights, kind="stable")
    if len(order) > MOST_KEYS:
        order = order[walk.visible[order]]
    return sorted(order[:MOST_KEYS].tolist())


def vectors_of(step: Step) -> dict[str, Array]:
    """The vectors of numbers that a step gives, by name; ids and places are none."""
    arrays = step.arrays.items()
    return {name: a for name, a in arrays if a.ndim == 1 and len(a) and a.dtype.kind == "f"}


def strongest_numbers(vector: Array) -> list[tuple[str, int]]:
    """The largest numbers of a vector, each with its place."""
    best = np.argsort(-np.abs(vector), kind="stable")[:MOST_NUMBERS].tolist()
    return [(signed(vector[i], 3), i) for i in best]


def norm_of(vector: Array) -> str:
    """The length of a vector."""
    return f"{np.linalg.norm(vector):.2f}"


def signed(value: Any, places: int) -> str:
    """A number with a minus as long as a plus, and never −0."""
    text = f"{float(value):.{places}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def shape_of(array: Array) -> str:
    """The shape of an array, as 10×32."""
    return "×".join(map(str, array.shape))


def ledger(arrays: Mapping[str, Array]) -> str:
    """Every array with its shape; a line break never stands inside a shape."""
    return " · ".join(f"{name} ({shape_of(a)})" for name, a in arrays.items() if a.ndim)


def _sum(names: Sequence[str], a: Array, b: Array, total: str) -> Sum:
    """The products as they are printed; the rest is what then is left of the printed total."""
    best = np.argsort(-np.abs(a * b), kind="stable")[:MOST_TERMS].tolist()
    left, terms = round(float(a @ b), 2), []
    for i in best:
        product = round(round(float(a[i]), 4) * round(float(b[i]), 4), 2)
        left -= product
        terms.append(Term(names[i], signed(a[i], 4), signed(b[i], 4), signed(product, 2)))
    n_rest = len(a) - len(best)
    rest = Term(f"{n_rest} others", "", "", signed(left, 2)) if n_rest else None
    return Sum(tuple(terms), rest, Term(total, "", "", signed(round(float(a @ b), 2), 2)))


def _table(walk: Explanation, columns: Sequence[tuple[str, Array]]) -> KeyTable:
    names, shown = key_names(walk), shown_keys(walk)
    rows = tuple(
        KeyRow(i, names[i], tuple(_entry(name, a[i], walk, i) for name, a in columns))
        for i in shown
    )
    rest = np.setdiff1d(np.arange(len(names)), shown)
    summed = {"weight", "unscaled weight", "e^score", "before"}
    others = tuple(three_digits(float(a[rest].sum())) if n in summed else "" for n, a in columns)
    total = tuple(three_digits(walk.softmax.total) if n == "e^score" else "" for n, _ in columns)
    return KeyTable(
        columns=tuple(name for name, _ in columns),
        rows=rows,
        n_others=len(rest),
        others=others if len(rest) else (),
        total=total if any(total) else (),
    )


def _entry(name: str, value: float, walk: Explanation, key: int) -> str:
    if name in ("e^score", "weight", "unscaled weight", "before", "adds"):
        return three_digits(float(value))
    if not walk.visible[key] and name in ("scaled", "score"):
        return "hidden"
    return signed(value, 3 if name in ("q·k", "‖v‖") else 4)
