"""Threads that help: how they are asked, how they wait, and how their errors come back."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

import numpy as np

__all__ = ["Team", "serial"]

T = TypeVar("T")


class Team:
    """Threads that work for one run at a time."""

    def __init__(self, n_helpers: int) -> None:
        self._finished = _Bell()
        self._helpers = [_Helper(self._finished) for _ in range(n_helpers)]
        self._hired = Lock()
        self._alert = False

    def __len__(self) -> int:
        return len(self._helpers)

    @contextmanager
    def hired(self, *, alert: bool) -> Iterator[bool]:
        """Whether the helpers are free for the caller alone; ``alert`` ones spin between jobs.

        Waking a thread takes longer than many a job lasts, above all in a virtual machine.
        """
        if not self._hired.acquire(blocking=False):
            yield False
            return
        try:
            self._alert = alert and _library() is not None
            for helper in self._helpers:
                helper.rouse(alert=self._alert)
            yield True
        finally:
            for helper in self._helpers:
                helper.rest()
            self._hired.release()

    def share(self, function: Callable[[T], None], tasks: Iterable[T]) -> None:
        """Call a function on every task; whoever is free takes the next."""
        waiting = iter(tasks)
        answers: SimpleQueue[BaseException | None] = SimpleQueue()
        job = _Job(partial(serial, function, waiting), answers)
        for helper in self._helpers:
            helper.ask(job)
        try:
            serial(function, waiting)
        finally:
            while self._alert and answers.qsize() < len(self._helpers):
                self._finished.wait()
            errors = [answers.get() for _ in self._helpers]
        for error in errors:
            if error is not None:
                raise error


def serial(function: Callable[[T], None], tasks: Iterable[T]) -> None:
    """Call a function on every task."""
    for task in tasks:
        function(task)


class _Job(NamedTuple):
    work: Callable[[], None]
    answers: SimpleQueue[BaseException | None]


class _Helper:
    """One thread. Queues hold the truth; bells only spare threads from sleeping."""

    def __init__(self, finished: _Bell) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._called, self._finished = _Bell(), finished
        self._alert = False
        Thread(target=self._help, name="attnviz", daemon=True).start()

    def rouse(self, *, alert: bool) -> None:
        """Get ready for jobs."""
        self._alert = alert
        if alert:
            self._jobs.put(None)  # nothing to do but to be awake

    def rest(self) -> None:
        """Sleep until somebody asks."""
        self._alert = False
        self._called.ring()

    def ask(self, job: _Job) -> None:
        """Do a job."""
        self._jobs.put(job)
        self._called.ring()

    def _help(self) -> None:
        np.seterr(over="ignore", invalid="ignore")
        while True:
            while self._alert and self._jobs.empty():
                self._called.wait()
            job = self._jobs.get()
            if job is None:
                continue
            error: BaseException | None = None
            try:
                job.work()
            except BaseException as raised:  # whoever asked raises it
                error = raised
            job.answers.put(error)
            del job, error  # and with them what they hold
            self._finished.ring()


class _Bell:
    """One thread waits until another rings; rings that nobody waits for are one ring.

    It is a spin lock that is always taken, so that waiting needs neither sleep nor the
    interpreter lock.
    """

    def __init__(self) -> None:
        self.ring: Callable[[], object] = bool
        self.wait: Callable[[], object] = bool
        if library := _library():
            self._memory = (ctypes.c_char * 192)()  # so that the lock has a cache line to itself
            lock = ctypes.c_void_p(ctypes.addressof(self._memory) + 64)
            library.pthread_spin_init(lock, 0)
            self.ring = partial(library.pthread_spin_unlock, lock)
            self.wait = partial(library.pthread_spin_lock, lock)
            self.wait()


@cache
def _library() -> Any:
    """The C library, if it has spin locks that one thread may take and another give back."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "pthread_spin_lock") else None
