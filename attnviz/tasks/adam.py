"""Adam (Kingma & Ba 2015) over named arrays, its rate rising first and then falling to 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from attnviz.result import FloatArray
from attnviz.tasks.runs import IntArray

Arrays = dict[str, FloatArray]

MEAN_DECAY, SQUARE_DECAY, TINY = 0.9, 0.999, 1e-8
WARM_UP = 100


def descend(
    arrays: Arrays,
    gradients: Callable[[Arrays, IntArray], Mapping[str, FloatArray]],
    chosen: Iterator[IntArray],
    n_steps: int,
    rate: float,
) -> Arrays:
    """The arrays after ``n_steps`` steps, each along the gradients on the next chosen examples."""
    current = {name: array.copy() for name, array in arrays.items()}
    means = {name: np.zeros_like(array) for name, array in arrays.items()}
    squares = {name: np.zeros_like(array) for name, array in arrays.items()}
    for step in range(1, n_steps + 1):
        at = rate * min(1, step / WARM_UP) * (1 + math.cos(math.pi * step / n_steps)) / 2
        for name, gradient in gradients(current, next(chosen)).items():
            mean, square = means[name], squares[name]
            mean += (1 - MEAN_DECAY) * (gradient - mean)
            square += (1 - SQUARE_DECAY) * (gradient**2 - square)
            unbiased = mean / (1 - MEAN_DECAY**step)
            spread = np.sqrt(square / (1 - SQUARE_DECAY**step)) + TINY
            current[name] -= np.float32(at) * unbiased / spread
    return current


def batches(n: int, size: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """``size`` of n examples at a time, each example once in an epoch, without an end."""
    while True:
        order = rng.permutation(n)
        for start in range(0, n, size):
            yield order[start : start + size]
