"""Float32 arrays as decimal text: the shortest digits that read back exactly, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import orjson

from attnviz.result import FloatArray

BLOCK = 1 << 14  # numbers formatted together, so that a document of any size takes little memory


def number_rows(values: FloatArray, decimals: int | None = None) -> Iterator[bytes]:
    """Finite values (row, column) as JSON rows ``a,b],[c,d`` without the outermost brackets.

    What is yielded holds whole rows, as many as make about BLOCK numbers. Digits are the fewest
    that identify the float32 among its neighbours, read either directly or by way of float64;
    with ``decimals`` the value is rounded to so many first.
    """
    step = max(1, BLOCK // values.shape[1])
    for start in range(0, len(values), step):
        yield numbers(values[start : start + step], decimals)[2:-2]


def numbers(values: FloatArray, decimals: int | None = None) -> bytes:
    """Finite values of any axes as nested JSON lists, in digits as ``number_rows`` says."""
    block = np.ascontiguousarray(values, dtype=np.float32)
    rounded = block if decimals is None else _rounded(block, decimals)
    return orjson.dumps(rounded, option=orjson.OPT_SERIALIZE_NUMPY)


def _rounded(values: FloatArray, decimals: int) -> FloatArray:
    """The float32 nearest to each value rounded to so many decimals; never -0."""
    kept = min(decimals, 60)  # no float32 has more, and 10**60 does not overflow
    return (np.round(values.astype(np.float64), kept) + 0.0).astype(np.float32)
