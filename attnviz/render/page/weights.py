"""Attention weights made small enough for a page: rounded to a stated step, packed, compressed."""

from __future__ import annotations

import math
import os
import zlib
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError, TooBig
from attnviz.result import AttentionMap, FloatArray

# A step of 0.001 divided by an odd number has an edge between two levels wherever a number turns
# from one third decimal to the next: what is read back then shows the same three decimals.
FINE = (1 / 63, 1 / 31, 1 / 15, 1 / 7, 1 / 3, 1)
COARSE = (1.25, 1.5, 2, 2.5, 3, 4, 5, 7, 10)
STEPS = tuple(0.001 * n for n in (*FINE, *COARSE))
THREE_DECIMALS = STEPS.index(0.001)
EXACT_UP_TO = 128  # tokens; longer inputs may be rounded more coarsely to stay within the budget
HIGHEST_LEVEL = 2**16 - 1
MOST_VALUES = 2**28
FREE = 250_000  # characters that no map is denied
UNSPARED = 144 * 128 * 128  # weights that get a character each
SAMPLE = 2**22  # weights from which the packed size of all is foretold

# From "(" to "~" without what HTML and JSON would have to escape: exactly 85 characters.
DIGITS = np.frombuffer(bytes(code for code in range(40, 127) if chr(code) not in "<\\"), np.uint8)


@dataclass(frozen=True, slots=True)
class PackedMap:
    """A map as a page holds it: weight = (level + low) * step, one line of text for each head.

    A line is base 85 of raw deflate of the head's levels, key by key: each in ``bits`` (4 or 8,
    two 4-bit ones to a byte). The highest number of so many bits means that more follows: what
    exceeds it stands at the end, the low bytes of all such levels, then the high bytes.
    """

    step: float
    low: int
    bits: int
    lines: tuple[bytes, ...]


def pack(map: AttentionMap) -> PackedMap:
    """Round a map to the finest step with which its size suits the number of its weights."""
    layers, n_heads, queries, keys = map.weights.shape
    if map.weights.size > MOST_VALUES:
        raise TooBig(
            f"a page holds up to {MOST_VALUES:,} weights and this map has {map.weights.size:,}; "
            "choose fewer layers or heads"
        )
    heads = map.weights.reshape(layers * n_heads, queries, keys)
    steps = _steps(heads)
    most = budget(heads.size)
    stride = max(heads.size // SAMPLE, 1)
    sample = heads[:, :, ::stride]
    share = sample.size / max(heads.size, 1)
    fits = partial(_fits, sample, most * share)
    found = bisect_left(steps, True, hi=len(steps) - 1, key=fits)
    packed = _pack(heads, steps[found])
    while _size(packed) > most and found + 1 < len(steps):  # the sample was not like the rest
        found += 1
        packed = _pack(heads, steps[found])
    return packed


def budget(n_weights: int) -> float:
    """Characters for so many weights: one each at first, 11.6 MB for 144 heads of 512 tokens."""
    share = n_weights / UNSPARED
    return max(UNSPARED * min(share, math.pow(share, 0.575)), FREE)


def _steps(heads: FloatArray) -> tuple[float, ...]:
    """The steps that may be chosen, finest first."""
    lowest, highest = float(heads.min(initial=0)), float(heads.max(initial=1))
    if not np.isfinite([lowest, highest]).all():
        raise InputError("the attention weights hold NaN or infinity, which no page can show")
    finest = (highest - lowest) / (HIGHEST_LEVEL - 1)  # one level is lost where low is rounded
    steps = STEPS if max(heads.shape[1:]) > EXACT_UP_TO else STEPS[: THREE_DECIMALS + 1]
    return tuple(step for step in steps if step >= finest) or (finest,)


def _fits(heads: FloatArray, budget: float, step: float) -> bool:
    return _size(_pack(heads, step)) <= budget


def _size(packed: PackedMap) -> int:
    return sum(len(line) + 1 for line in packed.lines)


def _pack(heads: FloatArray, step: float) -> PackedMap:
    low = int(np.rint(float(heads.min(initial=0)) / step))
    mean = float(heads.mean(dtype=np.float64)) / step - low if heads.size else 0.0
    bits = 4 if mean < 4 else 8
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy and zlib both release the GIL
        lines = tuple(pool.map(partial(pack_head, step=step, low=low, bits=bits), heads))
    return PackedMap(step, low, bits, lines)


def pack_head(head: FloatArray, *, step: float, low: int, bits: int) -> bytes:
    """The line of one head, its levels above ``low`` in so many bits each."""
    levels = _levels(head, step, low)
    most = (1 << bits) - 1
    short = np.minimum(levels, most).astype(np.uint8)
    rest = levels[short == most] - most
    low_bytes, high_bytes = rest.astype(np.uint8), (rest >> 8).astype(np.uint8)
    first = _pairs(short) if bits == 4 else short
    return _base85(_deflate(first.tobytes() + low_bytes.tobytes() + high_bytes.tobytes()))


def _pairs(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Two levels of 4 bits to a byte, the first one higher."""
    even = np.append(levels, levels[: len(levels) % 2])
    return np.left_shift(even[::2], 4) | even[1::2]


def _levels(head: FloatArray, step: float, low: int) -> npt.NDArray[np.uint16]:
    """Levels (key * query) of weights (query, key): what is equal in a column stands together."""
    scaled = np.divide(head.T, step, dtype=np.float64, order="C")
    return (np.rint(scaled, out=scaled) - low).astype(np.uint16).ravel()


def _deflate(data: bytes) -> bytes:
    # Weights repeat as runs, not as phrases: Z_RLE packs them tighter and five times faster.
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_RLE)
    return packer.compress(data) + packer.flush()


def packed_text(data: bytes) -> bytes:
    """Bytes as a page holds them: base 85 of raw deflate."""
    return _base85(_deflate(data)) if data else b""


def _base85(data: bytes) -> bytes:
    """Four bytes as five digits, the highest first; of a last group only the digits it needs."""
    missing = -len(data) % 4
    words = np.frombuffer(data + bytes(missing), ">u4").astype(np.uint32)
    digits = np.empty((len(words), 5), np.uint8)
    for place in reversed(range(5)):
        words, digits[:, place] = np.divmod(words, np.uint32(85))
    text = DIGITS[digits].tobytes()
    return text[: len(text) - missing]
