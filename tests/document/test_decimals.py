import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from attnviz.document.decimals import BLOCK, number_rows

ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False, width=32)
MATRICES = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=ANY_FLOAT)


def text(values: object, decimals: int | None = None) -> str:
    return b"],[".join(number_rows(np.atleast_2d(np.float32(values)), decimals)).decode()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0.0"),
        (-0.0, "-0.0"),
        (1, "1.0"),
        (0.1, "0.1"),
        (0.75, "0.75"),
        (-2.5, "-2.5"),
        (1 / 3, "0.33333334"),
        (0.0001, "0.0001"),
        (0.00012345678, "0.00012345678"),
        (1.5e-5, "0.000015"),
        (1e-10, "1e-10"),
        (np.finfo(np.float32).smallest_subnormal, "1e-45"),
        (np.finfo(np.float32).max, "3.4028235e+38"),
        (12.5, "12.5"),
        (1e10, "10000000000.0"),
        (1 - 2**-24, "0.99999994"),
    ],
)
def test_a_number_is_written_in_its_fewest_digits(value: float, written: str) -> None:
    assert text(value) == written


@given(MATRICES)
def test_every_float32_reads_back_exactly_by_way_of_float64(values: np.ndarray) -> None:
    read = np.array(json.loads(f"[[{text(values)}]]"), np.float64)
    assert read.astype(np.float32).tobytes() == values.tobytes()


@given(MATRICES)
def test_every_float32_reads_back_exactly_as_float32(values: np.ndarray) -> None:
    read = [np.array(row.split(",")).astype(np.float32) for row in text(values).split("],[")]
    assert np.stack(read).tobytes() == values.tobytes()


def test_every_binary_exponent_reads_back_exactly() -> None:
    powers = (np.arange(0x7F800000 >> 23, dtype=np.uint32) << 23)[:, None]
    bits = powers + np.array([0, 1, 0x3FFFFF, 0x7FFFFF], np.uint32)
    values = bits.view(np.float32)
    read = np.array(json.loads(f"[[{text(values)}]]"))
    assert read.astype(np.float32).tobytes() == values.tobytes()


def test_random_weights_need_no_more_digits_than_the_shortest_known_algorithm() -> None:
    values = np.random.default_rng(5).random(2000, np.float32)
    longest = [len(np.format_float_positional(v)) for v in values if v > 1e-3]
    ours = [len(n) for n, v in zip(text(values).split(","), values, strict=True) if v > 1e-3]
    assert ours == longest


@given(st.floats(0, 1, width=32), st.integers(0, 12))
def test_rounding_leaves_no_more_decimals_than_asked_for(value: float, decimals: int) -> None:
    written = text(value, decimals)
    assert float(written) == pytest.approx(value, abs=0.5 * 10.0**-decimals + 1e-7)
    if "e" not in written:
        assert len(written.partition(".")[2]) <= max(1, decimals)


def test_rounding_never_writes_a_negative_zero() -> None:
    assert text([-0.0001, 0.0001], 2) == "0.0,0.0"


def test_a_precision_beyond_float32_changes_nothing() -> None:
    tiny = np.finfo(np.float32).smallest_subnormal
    assert text([tiny, 3e38, 1 / 3], 10**6) == text([tiny, 3e38, 1 / 3])


def test_rows_come_in_blocks_of_bounded_size_that_join_without_a_seam() -> None:
    values = np.random.default_rng(3).random((70, 1000), np.float32)
    blocks = list(number_rows(values))
    assert len(blocks) > 1
    assert all(block.count(b",") < BLOCK * 2 for block in blocks)
    read = np.array(json.loads(b"[[" + b"],[".join(blocks) + b"]]"))
    assert read.astype(np.float32).tobytes() == values.tobytes()


def test_a_view_with_strides_is_written_in_its_own_order() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert text(values) == "0.0,3.0],[1.0,4.0],[2.0,5.0"
