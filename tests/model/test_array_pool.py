"""Memory that results give back: only what nobody sees any more is used again."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from attnviz.model import array_pool
from attnviz.model.array_pool import ArrayPool

BIG = (array_pool.WORTH // 4, 2)


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_comes_back_when_an_array_dies() -> None:
    pool = ArrayPool()
    array = pool.empty(BIG)
    before = address(array)
    del array
    assert address(pool.empty(BIG)) == before


def test_two_arrays_that_live_never_share_memory() -> None:
    pool = ArrayPool()
    first, second = pool.empty(BIG), pool.empty(BIG)
    first[:], second[:] = 1, 2
    assert (first == 1).all()
    del first
    third = pool.empty(BIG)
    third[:] = 3
    assert (second == 2).all()


@pytest.mark.parametrize(
    "view",
    [
        lambda array: array[7:9],
        lambda array: array.T[:, ::2][0],
        lambda array: array.reshape(-1)[5:].view(np.int32),
        lambda array: memoryview(array),
        lambda array: np.lib.stride_tricks.sliding_window_view(array, 2, axis=0),
        lambda array: np.asarray(array[1]),
    ],
)
def test_a_view_keeps_the_memory(view) -> None:  # type: ignore[no-untyped-def]
    pool = ArrayPool()
    array = pool.empty(BIG)
    array[:] = 1
    seen = view(array)
    expected = np.array(seen)
    del array
    gc.collect()
    pool.empty(BIG)[:] = 2
    np.testing.assert_array_equal(np.array(seen), expected)


def test_a_block_of_another_size_is_not_wasted_on_a_small_array() -> None:
    pool = ArrayPool()
    large = pool.empty((4 * BIG[0], 2))
    before = address(large)
    del large
    small = pool.empty(BIG)
    assert address(small) != before
    again = pool.empty((4 * BIG[0], 2))
    assert address(again) == before


def test_small_arrays_are_left_to_numpy() -> None:
    pool = ArrayPool()
    array = pool.empty((3, 4))
    assert array.flags.owndata
    assert array.shape == (3, 4)
    assert array.dtype == np.float32


def test_no_more_blocks_are_kept_than_a_result_has() -> None:
    pool = ArrayPool()
    arrays = [pool.empty(BIG) for _ in range(array_pool.BLOCKS + 3)]
    del arrays
    assert len(pool) == array_pool.BLOCKS


def test_an_array_may_outlive_the_room() -> None:
    pool = ArrayPool()
    array = pool.empty(BIG)
    array[:] = 5
    del pool
    gc.collect()
    assert (array == 5).all()
