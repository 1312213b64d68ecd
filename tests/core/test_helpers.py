"""Threads that help: every task is done once, errors come back, and nobody waits for ever."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import pytest

from attnviz.core import helpers
from attnviz.core.helpers import Team

both_ways = pytest.mark.parametrize("alert", [False, True], ids=["sleeping", "alert"])


@pytest.fixture(scope="module")
def team() -> Team:
    return Team(2)


@pytest.fixture(autouse=True)
def never_hang(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends the test run, with everybody's traceback, where threads wait for each other."""
    import faulthandler

    faulthandler.dump_traceback_later(120, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


@both_ways
def test_every_task_is_done_once_however_often_they_are_asked(team: Team, alert: bool) -> None:
    for n_jobs in [0, 1, 2, 300]:
        with team.hired(alert=alert) as free:
            assert free
            for _ in range(n_jobs):
                done: list[int] = []
                team.share(done.append, range(7))
                assert sorted(done) == [*range(7)]


@both_ways
def test_helpers_work_beside_whoever_asks(team: Team, alert: bool) -> None:
    meeting = threading.Barrier(3, timeout=30)  # holds until three threads are here at once
    with team.hired(alert=alert):
        for _ in range(20):
            team.share(lambda task: meeting.wait(), range(3))


@both_ways
def test_whoever_asks_waits_for_the_slowest(team: Team, alert: bool) -> None:
    here, done = threading.current_thread(), []

    def work(task: int) -> None:
        if threading.current_thread() is not here:
            time.sleep(0.05)
        done.append(task)

    with team.hired(alert=alert):
        team.share(work, range(3))
        assert len(done) == 3


@both_ways
def test_an_error_comes_back_and_the_team_goes_on(team: Team, alert: bool) -> None:
    here, meeting = threading.current_thread(), threading.Barrier(3, timeout=30)

    def fail_elsewhere(task: int) -> None:
        meeting.wait()
        if threading.current_thread() is not here:
            raise MemoryError("no room")

    with team.hired(alert=alert):
        with pytest.raises(MemoryError, match="no room"):
            team.share(fail_elsewhere, range(3))
        done: list[int] = []
        team.share(done.append, range(5))
        assert sorted(done) == [*range(5)]


@both_ways
def test_an_interrupt_leaves_a_team_that_works(team: Team, alert: bool) -> None:
    here, come = threading.current_thread(), threading.Event()

    def interrupt(task: int) -> None:
        if threading.current_thread() is here:
            come.set()
            raise KeyboardInterrupt
        come.wait(30)

    with pytest.raises(KeyboardInterrupt), team.hired(alert=alert):
        team.share(interrupt, range(100))
    with team.hired(alert=alert) as free:
        assert free
        done: list[int] = []
        team.share(done.append, range(5))
        assert sorted(done) == [*range(5)]


def test_a_team_works_for_one_run_at_a_time(team: Team) -> None:
    with team.hired(alert=True) as first, team.hired(alert=True) as second:
        assert first
        assert not second
    with team.hired(alert=False) as again:
        assert again


def test_without_spin_locks_helpers_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpers, "_library", lambda: None)
    sleepers = Team(1)
    with sleepers.hired(alert=True):
        for _ in range(50):
            done: list[int] = []
            sleepers.share(done.append, range(3))
            assert sorted(done) == [0, 1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="spin locks are Linux's")
def test_alert_helpers_rest_when_the_run_is_over(team: Team) -> None:
    with team.hired(alert=True):
        team.share(str, range(3))
    time.sleep(0.05)  # for those who are on their way
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.15
