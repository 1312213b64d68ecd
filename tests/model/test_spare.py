"""Memory that results give back: only what nobody sees any more is used again."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from attnviz.model import spare
from attnviz.model.spare import Spare

BIG = (spare.WORTH // 4, 2)


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_comes_back_when_an_array_dies() -> None:
    room = Spare()
    array = room.empty(BIG)
    before = address(array)
    del array
    assert address(room.empty(BIG)) == before


def test_two_arrays_that_live_never_share_memory() -> None:
    room = Spare()
    first, second = room.empty(BIG), room.empty(BIG)
    first[:], second[:] = 1, 2
    assert (first == 1).all()
    del first
    third = room.empty(BIG)
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
    room = Spare()
    array = room.empty(BIG)
    array[:] = 1
    seen = view(array)
    expected = np.array(seen)
    del array
    gc.collect()
    room.empty(BIG)[:] = 2
    np.testing.assert_array_equal(np.array(seen), expected)


def test_a_block_of_another_size_is_not_wasted_on_a_small_array() -> None:
    room = Spare()
    large = room.empty((4 * BIG[0], 2))
    before = address(large)
    del large
    small = room.empty(BIG)
    assert address(small) != before
    again = room.empty((4 * BIG[0], 2))
    assert address(again) == before


def test_small_arrays_are_left_to_numpy() -> None:
    room = Spare()
    array = room.empty((3, 4))
    assert array.flags.owndata
    assert array.shape == (3, 4)
    assert array.dtype == np.float32


def test_no_more_blocks_are_kept_than_a_result_has() -> None:
    room = Spare()
    arrays = [room.empty(BIG) for _ in range(spare.BLOCKS + 3)]
    del arrays
    assert len(room._blocks) == spare.BLOCKS


def test_an_array_may_outlive_the_room() -> None:
    room = Spare()
    array = room.empty(BIG)
    array[:] = 5
    del room
    gc.collect()
    assert (array == 5).all()
