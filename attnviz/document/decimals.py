"""Float32 arrays as decimal text: the shortest digits that read back exactly, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attnviz.result import FloatArray

__all__ = ["number_rows"]

Integers = npt.NDArray[np.int64]

BLOCK = 1 << 14  # numbers formatted together: their working arrays stay in the processor's cache
DIGITS = 9  # significant digits that tell any two float32 apart
LOWEST, HIGHEST = -45, 38  # decimal exponents of float32, subnormal ones included
NEGATIVE_ZERO = HIGHEST + 1  # stands for -0.0: JSON would read -0 as an integer, without its sign
LOWEST_BINARY, HIGHEST_BINARY = -149, 127

# Every number is laid out in 24 bytes, of which its form keeps some and deletes the others:
#         sign, 0.000, first digit, point, eight more digits, exponent, separators
LAYOUT = b"-0.000#.########e-##],[\0"
SIGN, FIRST, POINT, EXPONENT, MINUS, TENS, ONES, CLOSE, COMMA, OPEN = 0, 6, 7, *range(16, 23)

EXPONENTS = range(LOWEST, NEGATIVE_ZERO + 1)
POWERS = np.array([float(f"1e{e}") for e in EXPONENTS])
SCALES = np.array([float(f"1e{DIGITS - 1 - e}") for e in EXPONENTS])
FROM_BINARY = np.array(
    [int(f"{2.0**b:e}".partition("e")[2]) for b in range(LOWEST_BINARY, HIGHEST_BINARY + 1)]
)
PLACES = np.array([1000, 100, 10, 1])
NUMBERS = np.arange(10_000)[:, None]
FOUR_DIGITS = (NUMBERS // PLACES % 10 + ord("0")).astype(np.uint8).view(np.uint32).ravel()
TWO_DIGITS = FOUR_DIGITS[:100].view(np.uint16)[1::2]
FINAL_ZEROS = (NUMBERS % (PLACES * 10) == 0).sum(axis=1)


def number_rows(values: FloatArray, decimals: int | None = None) -> Iterator[bytes]:
    """Finite values (row, column) as JSON rows ``a,b],[c,d`` without the outermost brackets.

    What is yielded holds whole rows, as many as make about BLOCK numbers, so that memory stays
    bounded. Digits are the fewest that identify the float32 among its neighbours, read either
    directly or by way of float64; with ``decimals`` the value is rounded to so many first.
    """
    step = max(1, BLOCK // values.shape[1])
    for start in range(0, len(values), step):
        block = np.ascontiguousarray(values[start : start + step], dtype=np.float32)
        yield _text(block if decimals is None else _rounded(block, decimals))


def _rounded(values: FloatArray, decimals: int) -> FloatArray:
    """The float32 nearest to each value rounded to so many decimals; never -0."""
    kept = min(decimals, 60)  # no float32 has more, and 10**60 does not overflow
    return (np.round(values.astype(np.float64), kept) + 0.0).astype(np.float32)


def _text(values: FloatArray) -> bytes:
    """Values (row, column) as ``a,b],[c,d``."""
    flat = values.ravel()
    negative = np.signbit(flat)
    digits, exponents = _shortest(np.abs(flat))
    exponents[negative & (digits == 0)] = NEGATIVE_ZERO
    upper = digits // 10**4
    last = digits - upper * 10**4
    first = upper // 10**4
    middle = upper - first * 10**4
    zeros = np.where(last == 0, 4 + FINAL_ZEROS[middle], FINAL_ZEROS[last])
    row_end = np.zeros(values.shape, np.int64)
    row_end[:, -1] = 1
    form = _SPELLING[exponents - LOWEST] * DIGITS + (DIGITS - 1 - np.minimum(zeros, DIGITS - 1))
    form = (form * 2 + negative) * 2 + row_end.ravel()

    cells = _FORMS.take(form, axis=0)  # (number, 3), eight bytes in each
    cells.view(np.uint8)[:, FIRST] = first + ord("0")
    cells.view(np.uint32)[:, 2] &= FOUR_DIGITS[middle]
    cells.view(np.uint32)[:, 3] &= FOUR_DIGITS[last]
    cells.view(np.uint16)[:, TENS // 2] &= TWO_DIGITS[np.abs(exponents)]
    text = cells.view(np.uint8).ravel()
    return bytes(text.take(np.flatnonzero(text != 0))[: -len("],[")])


def _shortest(values: FloatArray) -> tuple[Integers, Integers]:
    """Integers d of nine digits and exponents e so that d * 10**(e - 8) is each value, where d
    ends in as many zeros as it can without reaching half way to the next float32."""
    zero = values == 0
    exact = np.where(zero, np.float32(1), values)
    below = (exact.view(np.uint32) - np.uint32(1)).view(np.float32)
    wide = exact.astype(np.float64)
    exponents = FROM_BINARY[(wide.view(np.int64) >> 52) - 1023 - LOWEST_BINARY]
    exponents += wide >= POWERS[exponents + 1 - LOWEST]
    scale = SCALES[exponents - LOWEST]
    # The gap below is never wider than the one above; the margin is for the rounding of products.
    digits = _roundest(wide * scale, (wide - below) * scale * (0.5 - 1e-6))
    carried = digits == 10**DIGITS
    digits[carried] = 10 ** (DIGITS - 1)
    exponents += carried
    digits[zero] = 0
    exponents[zero] = 0
    return digits, exponents


def _roundest(target: npt.NDArray[np.float64], reach: npt.NDArray[np.float64]) -> Integers:
    """The integer with the most final zeros that is within reach of each target."""
    found = np.rint(target)
    for zeros in range(1, DIGITS):
        unit = 10.0**zeros
        rounder = np.rint(target / unit) * unit
        near = np.abs(rounder - target) < reach
        if not near.any():
            break
        np.copyto(found, rounder, where=near)
    return found.astype(np.int64)


def _spelling(exponent: int) -> int:
    """How a number is written: 0 to 3 zeros after ``0.``; 1.5; 1e-5; 1e-10; 1e5; 1e10; 0.0."""
    if exponent == NEGATIVE_ZERO:
        return 9
    if -4 <= exponent < 0:
        return -1 - exponent
    return 4 if exponent == 0 else 5 + (abs(exponent) >= 10) + 2 * (exponent > 0)


def _form(spelling: int, n_digits: int, negative: bool, row_end: bool) -> bytes:
    """The layout, with 0 in the bytes that this form deletes and 255 where its digits go."""
    kept = {FIRST, *range(POINT + 1, POINT + n_digits), COMMA}
    kept |= {SIGN} if negative else set()
    kept |= {CLOSE, OPEN} if row_end else set()
    if spelling < 4:
        kept |= set(range(1, 3 + spelling))
    elif spelling == 9:
        kept |= {POINT, POINT + 1}
    elif n_digits > 1:
        kept.add(POINT)
    if 4 < spelling < 9:
        kept |= {EXPONENT, ONES}
        kept |= {MINUS} if spelling in (5, 6) else set()
        kept |= {TENS} if spelling in (6, 8) else set()
    drawn = LAYOUT.replace(b"#", b"\xff")
    return bytes(byte if place in kept else 0 for place, byte in enumerate(drawn))


_SPELLING = np.array([_spelling(e) for e in EXPONENTS])
_FORMS = np.frombuffer(
    b"".join(
        _form(spelling, n_digits, negative, row_end)
        for spelling in range(_SPELLING.max() + 1)
        for n_digits in range(1, DIGITS + 1)
        for negative in (False, True)
        for row_end in (False, True)
    ),
    np.uint64,
).reshape(-1, 3)
