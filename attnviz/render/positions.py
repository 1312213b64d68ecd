"""What is said of each encoding of positions: title, sentence, formula and its source."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from attnviz.analysis.explain.positions import Positions, PositionTable
from attnviz.render.colour import Scale, scale_of
from attnviz.render.explained import VASWANI, Said, three_digits
from attnviz.render.numbers import counted
from attnviz.render.style import Colouring

BOUNDED = ("sinusoidal", "rotary")  # sines and cosines, whose colours are even


def heading(positions: Positions) -> str:
    """``How all-MiniLM-L6-v2 knows where tokens are``, or what sinusoids are."""
    if positions.model:
        return f"How {positions.model} knows where tokens are"
    n, d = positions.tables[0].values.shape
    return f"{counted(n, 'position')} as sinusoids of {counted(d, 'number')}"


def nothing(positions: Positions) -> str:
    """What is said of a model without any encoding of positions."""
    return (
        f"Nothing tells {positions.model} where a token is: without a causal mask, "
        "any order of the words would be the same to it."
    )


def say_positions(table: PositionTable) -> Said:
    """What is said of a table."""
    said = SAID[table.kind](table)
    return said if not table.where else said._replace(title=f"{said.title}, {table.where}")


def scale_for(table: PositionTable, colouring: Colouring) -> Scale:
    """Colours around 0, up to the number furthest from it; those of sines and cosines are even."""
    root = colouring.scale == "root" and table.kind not in BOUNDED
    even = scale_of(replace(colouring, scale="fit"), [table.values.astype(np.float32)], signed=True)
    return replace(even, root=root)


def _sinusoidal(table: PositionTable) -> Said:
    d = table.values.shape[1]
    slowest = 2 * math.pi * 10000 ** ((d - 2) / d) if d > 1 else 2 * math.pi
    text = (
        f"Each position is {counted(d, 'number')}, sines and cosines that are added to the "
        f"embedding: the first turn once in 6.28 tokens, the last once in {_turns(slowest)}. "
        "How alike two positions are depends on their distance alone."
    )
    formula = "PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(pos / 10000^(2i/d))"
    return Said("Sinusoidal positions", text, formula, f"{VASWANI}, sec. 3.5")


def _learned(table: PositionTable) -> Said:
    d = table.values.shape[1]
    text = (
        f"Each position has {counted(d, 'learned number')} that are added to the embedding; "
        f"there are {table.size} of them, and a text can be no longer."
    )
    return Said("Learned positions", text, "x = E[id] + P[pos]", f"{VASWANI}, sec. 3.5")


def _rotary(table: PositionTable) -> Said:
    frequencies = np.ones(1) if table.frequencies is None else table.frequencies
    turns = 2 * math.pi / np.maximum(frequencies, 1e-12)
    n = len(turns)
    text = (
        f"Queries and keys are turned, {counted(n, 'pair')} of numbers each by its own angle a "
        f"token: the first once around in {_turns(turns[0])} tokens, the last in "
        f"{_turns(turns[-1])}. Shown is the cosine of the angle; a score then depends on the "
        "distance alone."
    )
    formula = "q·k = Re Σⱼ qⱼ kⱼ* e^(i(m − n)θⱼ)"
    return Said("Rotary positions", text, formula, "Su et al. 2021, sec. 3.2")


def _alibi(table: PositionTable) -> Said:
    slopes = table.values[-2] if len(table.values) > 1 else table.values[-1]
    text = (
        "Each head subtracts from a score what a token is back, times its own slope: "
        f"{three_digits(float(-slopes.min()))} a token in the steepest, "
        f"{three_digits(float(-slopes.max()))} in the flattest."
    )
    return Said("ALiBi", text, "score − slope · distance", "Press et al. 2022, sec. 3")


def _buckets(table: PositionTable) -> Said:
    far, head = np.unravel_index(int(np.abs(table.values).argmax()), table.values.shape)
    text = (
        "Each head adds to a score a learned number for the distance of the key, near ones one by "
        f"one and far ones in buckets; the largest is {table.values[far, head]:+.2f}, of head "
        f"{head} at {table.rows[far]:+d}."
    ).replace("-", "−")
    formula = "score + b(bucket of j − i)"
    return Said("Relative buckets", text, formula, "Raffel et al. 2020, sec. 2.1")


def _disentangled(table: PositionTable) -> Said:
    d = table.values.shape[1]
    text = (
        f"Each distance has {counted(d, 'learned number')}, shared by all layers; each head makes "
        "a key and a query of them, which are multiplied with the queries and keys of tokens."
    )
    formula = "score = q·k + q·k_position + q_position·k"
    return Said("Disentangled positions", text, formula, "He et al. 2021, eq. 4")


def _turns(tokens: float) -> str:
    return f"{tokens:,.0f}" if tokens >= 1000 else three_digits(float(tokens))


SAID: Mapping[str, Callable[[PositionTable], Said]] = {
    "sinusoidal": _sinusoidal, "learned": _learned, "rotary": _rotary, "alibi": _alibi,
    "buckets": _buckets, "disentangled": _disentangled,
}  # fmt: skip
