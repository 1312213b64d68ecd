"""Work shared over threads: all of it, once, and errors come back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core import parallel
from attnviz.core.helpers import Team
from attnviz.core.parallel import Crew, even, workers


def crew_of(by: str, cores: int) -> Crew:
    return Crew(by, Team(cores - 1) if cores > 1 else None)  # type: ignore[arg-type]


@given(st.integers(0, 5000), st.integers(1, 64))
def test_a_range_is_cut_into_nearly_equal_parts(n: int, count: int) -> None:
    parts = even(n, count)
    assert [i for part in parts for i in range(part.start, part.stop)] == [*range(n)]
    sizes = [part.stop - part.start for part in parts]
    assert len(parts) == min(n, count)
    assert not sizes or max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("by", ["rows", "columns", "nothing"])
@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 7, 300, 2000])
def test_every_row_and_every_column_is_visited_once(by: str, cores: int, n: int) -> None:
    crew = crew_of(by, cores)
    for share in (crew.rows, crew.columns):
        seen = np.zeros(n, np.int64)

        def count(part: slice, seen: np.ndarray = seen) -> None:
            seen[part] += 1

        share(count, n)
        assert (seen == 1).all()


def test_blocks_of_rows_are_no_taller_than_the_cache_likes_and_as_many_as_cores_can_share() -> None:
    blocks: list[slice] = []
    crew_of("rows", 3).rows(blocks.append, 2000)
    assert max(block.stop - block.start for block in blocks) <= parallel.TALL
    assert len(blocks) % 3 == 0


@pytest.mark.parametrize(
    ("n_rows", "by"),
    [(1, "nothing"), (95, "nothing"), (96, "columns"), (511, "columns"), (512, "rows")],
)
def test_few_rows_are_left_to_blas_some_share_columns_and_many_are_shared_themselves(
    n_rows: int, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 4)
    with workers(n_rows) as crew:
        assert crew.by == by


def test_many_rows_are_shared_themselves_however_many_cores_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 64)
    with workers(parallel.MANY) as crew:
        assert crew.by == "rows"


def test_few_rows_stay_in_one_block_on_this_thread() -> None:
    seen = []
    with workers(63) as crew:
        crew.rows(lambda rows: seen.append((rows, threading.current_thread())), 63)
        crew.each(lambda task: seen.append((task, threading.current_thread())), [1, 2])
    assert seen == [(task, threading.current_thread()) for task in (slice(0, 63), 1, 2)]


@pytest.mark.parametrize("share", ["rows", "columns"])
def test_work_is_shared_over_threads(share: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    meeting = threading.Barrier(2, timeout=10)  # holds until two threads are here at once
    with workers(parallel.FEW if share == "columns" else 2 * parallel.SHORT) as crew:
        assert crew.by == share
        getattr(crew, share)(lambda part: meeting.wait(), 1000)


def test_columns_asked_for_within_rows_are_whole() -> None:
    seen = []
    crew = crew_of("rows", 2)
    crew.rows(lambda rows: crew.columns(seen.append, 64), 256)
    assert seen == [slice(0, 64)] * 2


def test_one_core_needs_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 1)
    seen = set()
    with workers(10_000) as crew:
        crew.each(lambda task: seen.add(threading.current_thread()), range(4))
    assert seen == {threading.current_thread()}


def test_an_error_in_a_thread_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)

    def fail(task: int) -> None:
        raise MemoryError(f"task {task}")

    with workers(parallel.FEW) as crew, pytest.raises(MemoryError, match="task"):
        crew.each(fail, range(3))


def test_blas_keeps_to_one_thread_while_ours_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info

    monkeypatch.setattr(parallel, "_cores", lambda: 2)

    def blas_threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas_threads()
    with workers(parallel.FEW):
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_runs_that_overlap_leave_blas_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info

    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    before = [pool["num_threads"] for pool in threadpool_info()]
    first, second = workers(parallel.FEW), workers(parallel.FEW)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} <= {1}
    second.__exit__(None, None, None)
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_blas_keeps_to_one_thread_whichever_thread_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info

    monkeypatch.setattr(parallel, "_cores", lambda: 2)

    def blas_threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before, within = blas_threads(), []

    def look() -> None:
        with workers(parallel.FEW):
            within.append(blas_threads())

    look()
    elsewhere = threading.Thread(target=look)
    elsewhere.start()
    elsewhere.join()
    look()
    assert within == [[1] * len(before)] * 3
    assert blas_threads() == before


def test_of_runs_that_overlap_the_first_has_the_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    with workers(parallel.FEW) as first, workers(parallel.FEW) as second:
        assert (first.cores, second.cores) == (2, 1)
        done: list[int] = []
        second.each(done.append, range(4))
        assert done == [*range(4)]


def test_shares_are_summed_in_their_order_whoever_is_first() -> None:
    terms = np.float32([1.0, 2**-24, 2**-24])  # whose sum is another number from behind
    others = threading.Semaphore(0)

    def share(inputs: slice, out: np.ndarray) -> None:
        if inputs.start == 0:
            assert others.acquire(timeout=10)
            assert others.acquire(timeout=10)
        else:
            others.release()
        out[...] = terms[inputs]

    parts = np.full((3, 2, 5), np.nan, np.float32)
    found = crew_of("columns", 3).total(share, 3, parts)
    assert np.shares_memory(found, parts[0])
    assert (found == 1).all()


@pytest.mark.parametrize(
    ("by", "cores"), [("nothing", 1), ("rows", 2), *(("columns", n) for n in (1, 2, 3, 5))]
)
def test_shares_of_inputs_sum_to_the_whole(by: str, cores: int) -> None:
    numbers = np.arange(28, dtype=np.float32).reshape(4, 7)
    crew = crew_of(by, cores)
    parts = np.full((crew.n_shares, 4, 7), np.nan, np.float32)

    def share(inputs: slice, out: np.ndarray) -> None:
        out[...] = 0
        out[:, inputs] = numbers[:, inputs]

    np.testing.assert_array_equal(crew.total(share, 7, parts), numbers)


@pytest.mark.parametrize(
    ("text", "cores"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", sys.maxsize)]
)
def test_a_container_may_use_the_cores_it_was_given(
    text: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(text + "\n")
    monkeypatch.setattr(parallel, "QUOTA", tmp_path / "cpu.max")
    assert parallel._quota.__wrapped__() == cores


@pytest.mark.parametrize("n_rows", [1, parallel.FEW])
def test_numbers_that_grow_too_large_make_no_noise(
    n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    found = []
    with workers(n_rows) as crew:
        crew.each(lambda x: found.append(np.float32([x]) * np.float32(10)), [3e38, -3e38])
    assert np.abs(found).tolist() == [[np.inf]] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only some systems fork")
def test_a_forked_process_has_helpers_of_its_own() -> None:
    program = (
        "import os, sys\n"
        "from attnviz.core import parallel\n"
        "parallel._cores = lambda: 2\n"
        "def share():\n"
        "    with parallel.workers(parallel.FEW, alert=True) as crew:\n"
        "        crew.each(str, range(2))\n"
        "share()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    share()\n"
        "    os._exit(7)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 7
