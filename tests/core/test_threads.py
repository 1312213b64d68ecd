"""Work shared over threads: all of it, once, in the same parts, and errors come back."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from attnviz.core import threads
from attnviz.core.threads import Sharing, even, sharing


@pytest.fixture(autouse=True)
def never_hang() -> Iterator[None]:
    """Ends the test run, with everybody's traceback, where threads wait for each other."""
    import faulthandler

    faulthandler.dump_traceback_later(120, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


@given(st.integers(0, 5000), st.integers(1, 64))
def test_a_range_is_cut_into_nearly_equal_parts(n: int, count: int) -> None:
    parts = even(n, count)
    assert [i for part in parts for i in range(part.start, part.stop)] == [*range(n)]
    sizes = [part.stop - part.start for part in parts]
    assert len(parts) == min(n, count)
    assert not sizes or max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_every_task_is_done_once_however_often_they_are_asked(cores: int, n: int) -> None:
    for _ in range(50):
        done: list[int] = []
        Sharing(cores).each(done.append, range(n))
        assert sorted(done) == [*range(n)]


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("width", [1, 7, 300, 2000])
def test_every_column_is_in_one_share(cores: int, width: int) -> None:
    shares = Sharing(cores).shares(width, 1000, 1000)
    assert [i for share in shares for i in range(share.start, share.stop)] == [*range(width)]


def test_a_small_product_stays_whole_and_a_large_one_is_shared_by_all_cores() -> None:
    assert len(Sharing(4).shares(64, 1, 64)) == 1
    assert len(Sharing(4).shares(4096, 12, 1024)) == 4


def test_a_run_is_shared_by_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "available_cores", lambda: 3)
    with sharing() as found:
        assert found == Sharing(3)


def test_helpers_work_beside_whoever_asks() -> None:
    meeting = threading.Barrier(2, timeout=30)  # holds until two threads are here at once
    for _ in range(20):
        Sharing(2).each(lambda task: meeting.wait(), range(2))


def test_whoever_asks_waits_for_those_who_began() -> None:
    here, done = threading.current_thread(), []

    def work(task: int) -> None:
        if threading.current_thread() is not here:
            time.sleep(0.05)
        done.append(task)

    Sharing(2).each(work, range(3))
    assert len(done) == 3


def test_nobody_waits_for_threads_that_are_busy_elsewhere() -> None:
    """As many sharers as there may be, each of whose tasks shares again: the pool is full."""
    done: list[int] = []

    def outer(task: int) -> None:
        Sharing(4).each(done.append, range(3))

    everybody = [
        threading.Thread(target=lambda: Sharing(4).each(outer, range(8))) for _ in range(8)
    ]
    for thread in everybody:
        thread.start()
    for thread in everybody:
        thread.join(60)
    assert len(done) == 8 * 8 * 3


def test_an_error_comes_back_and_the_threads_go_on() -> None:
    here, meeting = threading.current_thread(), threading.Barrier(2, timeout=30)

    def fail_elsewhere(task: int) -> None:
        meeting.wait()
        if threading.current_thread() is not here:
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        Sharing(2).each(fail_elsewhere, range(2))
    done: list[int] = []
    Sharing(2).each(done.append, range(5))
    assert sorted(done) == [*range(5)]


def test_an_interrupt_waits_for_those_who_began_and_nobody_begins_more() -> None:
    here, meeting, done = threading.current_thread(), threading.Barrier(2, timeout=30), []

    def interrupt(task: int) -> None:
        meeting.wait()  # the first two are taken by two threads, because each waits for the other
        if threading.current_thread() is here:
            raise KeyboardInterrupt
        time.sleep(0.2)
        done.append(task)

    with pytest.raises(KeyboardInterrupt):
        Sharing(2).in_steps(partial(map, interrupt), [range(9), range(9)])
    assert done == [0]


def test_an_error_of_a_helper_ends_the_work_of_all() -> None:
    here, meeting, done = threading.current_thread(), threading.Barrier(2, timeout=30), []

    def fail_elsewhere(task: int) -> None:
        if task == 0:
            meeting.wait()
        if threading.current_thread() is not here:
            raise MemoryError("no room")
        time.sleep(0.05)
        done.append(task)

    with pytest.raises(MemoryError, match="no room"):
        Sharing(2).in_steps(partial(map, fail_elsewhere), [range(99), range(99)])
    assert len(done) < 99


def test_steps_of_a_task_are_done_in_order() -> None:
    done: list[tuple[int, int]] = []
    rows = [[(row, step) for step in range(50)] for row in range(5)]
    Sharing(3).in_steps(partial(map, done.append), rows)
    assert len(done) == 250
    for row in range(5):
        assert [step for one, step in done if one == row] == [*range(50)]


def test_without_any_thread_to_start_the_work_is_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(process: int) -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(threads, "_pool", refuse)
    done: list[int] = []
    Sharing(2).each(done.append, range(5))
    assert done == [*range(5)]


def test_blas_keeps_to_one_thread_from_the_first_run_on() -> None:
    with sharing():
        pass
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    ours = [pool for pool in blas if "scipy" not in pool["filepath"]]  # whose own core never calls
    assert {pool["num_threads"] for pool in ours} <= {1}


def test_numbers_that_grow_too_large_make_no_noise_in_any_thread() -> None:
    found, meeting = [], threading.Barrier(2, timeout=30)

    def grow(x: float) -> None:
        meeting.wait()
        found.append(np.float32([x]) * np.float32(10))

    with sharing():
        Sharing(2).each(grow, [3e38, -3e38])
    assert np.abs(found).tolist() == [[np.inf]] * 2
