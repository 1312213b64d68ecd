"""Numbers of few bits as float32: codes in words, floats of 8 and 4 bits, scales of blocks.

The floats are those of the OCP's 8-bit and microscaling specifications (2023).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.result import FloatArray

Bytes = npt.NDArray[np.uint8]
EIGHT_BITS = ("F8_E4M3", "F8_E5M2")
EXPONENT_BIAS = 127
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
FP4 = np.concatenate([FP4, -FP4])
"""What the sixteen codes of E2M1 stand for."""


def nibbles(packed: Bytes) -> Bytes:
    """Two codes a byte, the low half first: (…, n) → (…, 2n)."""
    both = np.empty((*packed.shape, 2), np.uint8)
    np.bitwise_and(packed, 15, out=both[..., 0])
    np.right_shift(packed, 4, out=both[..., 1])
    return both.reshape(*packed.shape[:-1], -1)


def codes(words: npt.NDArray[Any], bits: int) -> Bytes:
    """Codes of so many bits that fill 32-bit words one after the other, the lowest bits first.

    (…, word) → (…, code): as many as the words hold whole.
    """
    packed = np.ascontiguousarray(words).view(np.uint8)  # little-endian, as all files are
    if bits == 8:
        return packed
    if bits == 4:
        return nibbles(packed)
    stream = np.unpackbits(packed, axis=-1, bitorder="little")
    count = stream.shape[-1] // bits
    each = stream[..., : count * bits].reshape(*stream.shape[:-1], count, bits)
    found: Bytes = np.packbits(each, axis=-1, bitorder="little")[..., 0]
    return found


def eight_bits(stored: Bytes, dtype: str) -> FloatArray:
    """Floats of 8 bits: E4M3, which has no infinity, or E5M2, the upper half of a float16."""
    return _table(dtype)[stored]


@cache
def _table(dtype: str) -> FloatArray:
    every = np.arange(256, dtype=np.uint16)
    if dtype == "F8_E5M2":
        return (every << 8).view(np.float16).astype(np.float32)
    exponent, fraction = (every >> 3 & 15).astype(int), (every & 7) / 8
    size = np.where(exponent > 0, np.ldexp(1 + fraction, exponent - 7), np.ldexp(fraction, -6))
    size[every & 127 == 127] = np.nan
    return np.where(every < 128, size, -size).astype(np.float32)


def exponents(stored: Bytes) -> FloatArray:
    """Powers of two, each stored as its exponent (E8M0)."""
    return np.ldexp(np.float32(1), stored.astype(np.int32) - EXPONENT_BIAS)


def spread(scales: FloatArray, axis: int, block: int, size: int) -> FloatArray:
    """Scales of blocks along an axis, each as often as its block is long; the last may be cut."""
    if block == size and scales.shape[axis] == 1:
        return scales
    return np.repeat(scales, block, axis=axis).take(np.arange(size), axis=axis)
