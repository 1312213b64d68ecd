"""Guesses at what a text goes on with, from where it said the same before."""

from __future__ import annotations

import numpy as np

from attnviz.core.buffers import IntArray

MOST = 15
"""How many tokens are guessed at most: to read 16 at once takes three times as long as one."""

LEAST = 2
"""How many tokens must agree with earlier ones, since single words say little of the next."""


def guess(ids: IntArray, most: int) -> IntArray:
    """What followed where the ids (token,) last ended like this, and at most ``most`` of it.

    As many tokens are guessed as agree there, so that the longer a text repeats itself, the more
    is expected of it; where it ends with no repetition, none (prompt lookup decoding, Saxena 2023).
    """
    agree, behind = max(
        ((_agreeing(ids, n), n) for n in (np.flatnonzero(ids[:-1] == ids[-1]) + 1).tolist()),
        default=(0, 0),
    )
    return np.resize(ids[behind:], min(agree, most) if agree >= LEAST else 0)


def _agreeing(ids: IntArray, n: int) -> int:
    """How many tokens at the end of the first n are those at the end of all, MOST at most."""
    pairs = zip(ids[:n][::-1][:MOST], ids[::-1][:MOST], strict=False)
    return next((i for i, (one, other) in enumerate(pairs) if one != other), min(n, MOST))
