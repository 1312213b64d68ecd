"""Formulas of the field written out slowly, for one number or one vector at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attnviz.core.spec import Buckets, Disentangled, Rotary


def softmax(scores: Sequence[float]) -> list[float]:
    """e to the scores over their sum; zeros where nothing may be seen."""
    powers = [math.exp(score) for score in scores]
    total = sum(powers)
    return [power / total if total else 0.0 for power in powers]


def t5_bucket(distance: int, spec: Buckets) -> int:
    """T5's bucket of a distance key - query, one step at a time."""
    n, base = spec.n_buckets, 0
    if spec.bidirectional:
        n //= 2
        base = n if distance > 0 else 0
        away = abs(distance)
    else:
        away = max(-distance, 0)
    exact = n // 2
    if away < exact:
        return base + away
    grown = math.log(away / exact) / math.log(spec.max_distance / exact) * (n - exact)
    return base + min(exact + math.floor(grown), n - 1)


def deberta_bucket(ahead: int, spec: Disentangled) -> int:
    """DeBERTa's bucket of a distance query - key."""
    middle = spec.n_buckets // 2
    if spec.n_buckets <= 0 or abs(ahead) <= middle:
        return ahead
    grown = math.log(abs(ahead) / middle) / math.log((spec.max_distance - 1) / middle)
    return int(math.copysign(math.ceil(grown * (middle - 1)) + middle, ahead))


def slopes(n_heads: int) -> list[float]:
    """ALiBi's slopes as the paper's own code makes them: halves of the next power of two."""
    if n_heads & (n_heads - 1) == 0:
        return [2 ** (-8 * (head + 1) / n_heads) for head in range(n_heads)]
    below = 2 ** (n_heads.bit_length() - 1)
    return slopes(below) + slopes(2 * below)[0::2][: n_heads - below]


def turned(x: np.ndarray, position: int, rotary: Rotary) -> np.ndarray:
    """One head's vector (d_head,), its pairs turned as complex numbers."""
    x, half = x.copy(), rotary.dims // 2
    for pair in range(half):
        a, b = (2 * pair, 2 * pair + 1) if rotary.interleaved else (pair, pair + half)
        angle = position * rotary.theta ** (-2 * pair / rotary.dims)
        z = complex(x[a], x[b]) * complex(math.cos(angle), math.sin(angle))
        x[a], x[b] = z.real, z.imag
    return x
