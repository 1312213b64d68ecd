"""Work shared over threads: all of it, once, and errors come back."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core import parallel
from attnviz.core.parallel import row_blocks, workers


@given(st.integers(0, 5000), st.integers(1, 64))
def test_row_blocks_cover_every_row_once_and_in_order(n_rows: int, cores: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "_cores", lambda: cores)
        blocks = row_blocks(n_rows)
    assert [row for block in blocks for row in range(block.start, block.stop)] == [*range(n_rows)]
    assert all(block.start < block.stop for block in blocks) or n_rows == 0


@given(st.integers(parallel.SMALL, 5000), st.integers(1, 16))
def test_row_blocks_are_nearly_equal_and_no_taller_than_the_cache_likes(
    n_rows: int, cores: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "_cores", lambda: cores)
        heights = [block.stop - block.start for block in row_blocks(n_rows)]
    assert max(heights) - min(heights) <= 1
    assert max(heights) <= parallel.TALL


def test_few_rows_stay_in_one_block_on_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 8)
    assert row_blocks(63) == [slice(0, 63)]
    seen = []
    with workers(63) as each:
        each(lambda task: seen.append((task, threading.current_thread())), [1, 2, 3])
    assert seen == [(task, threading.current_thread()) for task in (1, 2, 3)]


def test_many_rows_are_shared_over_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    meeting = threading.Barrier(2, timeout=10)  # holds until two threads are here at once
    with workers(parallel.SMALL) as each:
        each(lambda task: meeting.wait(), range(2))


def test_one_core_needs_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 1)
    seen = set()
    with workers(10_000) as each:
        each(lambda task: seen.add(threading.current_thread()), range(4))
    assert seen == {threading.current_thread()}


def test_an_error_in_a_thread_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)

    def fail(task: int) -> None:
        raise MemoryError(f"task {task}")

    with workers(parallel.SMALL) as each, pytest.raises(MemoryError, match="task"):
        each(fail, range(3))


def test_blas_keeps_to_one_thread_while_ours_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info

    monkeypatch.setattr(parallel, "_cores", lambda: 2)

    def blas_threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas_threads()
    with workers(parallel.SMALL):
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


@pytest.mark.parametrize("n_rows", [1, parallel.SMALL])
def test_numbers_that_grow_too_large_make_no_noise(
    n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    found = []
    with workers(n_rows) as each:
        each(lambda x: found.append(np.float32([x]) * np.float32(10)), [3e38, -3e38])
    assert np.abs(found).tolist() == [[np.inf]] * 2
