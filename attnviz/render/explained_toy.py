"""What is said of attention on small matrices: each step, and where tutorials go wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.toy import Toy, largest
from attnviz.render.explained import VASWANI
from attnviz.render.numbers import counted
from attnviz.render.safe import label

SATURATED = 0.999

Array = npt.NDArray[Any]


class ToyStep(NamedTuple):
    """A step: its title, sentence and formula, and matrices with the labels of their rows.

    ``source`` is where the formula comes from.
    """

    title: str
    sentence: str
    formula: str
    matrices: tuple[tuple[str, Array, tuple[str, ...]], ...]
    source: str = ""


def toy_heading(toy: Toy) -> str:
    """``Attention of 3 queries over 3 keys, by hand``."""
    n, n_keys = toy.dots.shape[1:]
    queries = "1 query" if n == 1 else f"{n} queries"
    return f"Attention of {queries} over {counted(n_keys, 'key')}, by hand"


def toy_steps(toy: Toy) -> Iterator[ToyStep]:
    """The steps of one toy; of several heads the first is written out."""
    labels = tuple(label(text) for text in toy.labels)
    queries = labels if len(labels) == toy.q.shape[1] else _numbered("query", toy.q.shape[1])
    which = "" if len(toy.q) == 1 else " of head 0"
    if toy.x is not None and toy.weights_q is not None:
        yield ToyStep("Embeddings", f"{len(labels)} rows of {toy.x.shape[1]} numbers each.", "X",
                      (("X", toy.x, labels),))  # fmt: skip
        yield ToyStep("Weights", _drawn(toy), "W_q, W_k, W_v", _weights(toy))
    sides = (("Q", toy.q[0], queries), ("K", toy.k[0], labels), ("V", toy.v[0], labels))
    formula = "Q, K, V as given" if toy.x is None else "Q = X W_q, K = X W_k, V = X W_v"
    yield ToyStep(f"Queries, keys, values{which}", "A row for each token.", formula, sides,
                  f"{VASWANI}, sec. 3.2.2")  # fmt: skip
    yield ToyStep(f"Products{which}", "Each query with each key.", "Q Kᵀ",
                  (("Q Kᵀ", toy.dots[0], queries),), f"{VASWANI}, sec. 3.2.1")  # fmt: skip
    if toy.divisor != 1:
        yield ToyStep(f"Scores{which}", f"Each is divided by {_divisor(toy)}.",
                      f"Q Kᵀ / {_divisor(toy)}", (("scores", toy.scores[0], queries),),
                      f"{VASWANI}, eq. 1")  # fmt: skip
    yield ToyStep(f"Weights of attention{which}", "e to each score, by the sum of its row.",
                  "softmax, row by row", (("weights", toy.weights[0], queries),),
                  f"{VASWANI}, eq. 1")  # fmt: skip
    yield ToyStep("Output", _output(toy), "Concat(head₁, …, headₕ)" if which else "weights · V",
                  (("output", toy.output, queries),), f"{VASWANI}, sec. 3.2.2")  # fmt: skip


def toy_notes(toy: Toy) -> list[str]:
    """What is to be noted of these matrices, and what is often got wrong."""
    notes = []
    if toy.features and toy.x is not None:
        n, d = toy.x.shape
        notes.append(
            f"X has {n} rows and {d} columns, and the text {d} words: it lies on its side, so "
            "attention goes from feature to feature and not from word to word; transpose it."
        )
    if largest(toy) > SATURATED and toy.weights.shape[-1] > 1:
        spread = float(np.std(toy.scores[np.isfinite(toy.scores)]))
        cure = "; --init xavier keeps scores small" if _is_randn(toy) else ""
        notes.append(
            f"The largest weight is {largest(toy):.3f}: scores spread by {spread:.3g}, so the "
            f"softmax is saturated and almost no gradient gets through{cure}."
        )
    d_head, d_model = toy.q.shape[-1], 0 if toy.x is None else toy.x.shape[1]
    if d_model and d_model != d_head and math.isclose(toy.divisor, math.sqrt(d_model)):
        notes.append(
            f"The divisor belongs to the queries and keys, √{d_head}, and not to the embeddings, "
            f"√{d_model}: Vaswani et al. 2017, sec. 3.2.1, divide by √d_k."
        )
    if len(toy.q) > 1:
        n, width = toy.output.shape
        notes.append(
            f"({n}, {width}) becomes heads by reshaping to ({n}, {len(toy.q)}, {d_head}) and then "
            "swapping the first two axes; reshaping to heads at once mixes tokens, and a product "
            "over the head axis lets heads attend to each other."
        )
    if toy.tied:
        notes.append("With Q = K = V scores are symmetric: a looks at b as b at a, before softmax.")
    return notes


def _is_randn(toy: Toy) -> bool:
    return toy.drawing is not None and toy.drawing.init == "randn"


def _numbered(name: str, n: int) -> tuple[str, ...]:
    return tuple(f"{name} {i}" for i in range(n))


def _divisor(toy: Toy) -> str:
    squared = round(toy.divisor**2)
    if squared > 0 and math.isclose(toy.divisor, math.sqrt(squared), rel_tol=1e-12):
        return f"√{squared} = {toy.divisor:.4f}"
    return f"{toy.divisor:.4g}"


def _drawn(toy: Toy) -> str:
    if toy.drawing is None or toy.x is None:
        return ""
    how = {
        "xavier": "evenly within ±√(6 / (rows + columns))",
        "randn": "from a normal distribution",
    }
    tied = ", one for all three" if toy.tied else ""
    return (
        f"Drawn {how[toy.drawing.init]}, seed {toy.drawing.seed}{tied}: "
        f"{toy.x.shape[1]} numbers in, {toy.q.shape[-1]} out."
    )


def _weights(toy: Toy) -> tuple[tuple[str, Array, tuple[str, ...]], ...]:
    d_head, found = toy.q.shape[-1], []
    sides = (("W_q", toy.weights_q), ("W_k", toy.weights_k), ("W_v", toy.weights_v))
    for name, weights in sides[: 1 if toy.tied else 3]:
        if weights is not None:
            found.append((name, weights[:, :d_head], _numbered("", len(weights))))
    return tuple(found)


def _output(toy: Toy) -> str:
    if len(toy.q) == 1:
        return "The values, each by its weight, added up."
    n, width = len(toy.q), toy.v.shape[-1]
    return f"The heads side by side: {n} × {width} = {n * width} numbers for each token."
