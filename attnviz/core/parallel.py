"""Sharing work over threads, with BLAS kept to one thread in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Literal, TypeVar

import numpy as np

__all__ = ["ALONE", "Crew", "even", "workers"]

T = TypeVar("T")
Job = tuple[Callable[[], None], "SimpleQueue[BaseException | None]"]

FEW = 96
"""Below this many rows, BLAS's own threads serve better than ours."""

SHORT = 128
"""Rows per core from which on blocks of rows are shared, and not columns."""

MANY = 2048
"""Rows from which on blocks of rows are shared in any case, for they need less memory."""

TALL = 256
"""Rows per block at most, so that what a block makes stays in the cache."""


@dataclass(frozen=True, slots=True)
class Crew:
    """How a run shares its work: by blocks of rows, by columns of each product, or not at all."""

    by: Literal["rows", "columns", "nothing"] = "nothing"
    cores: int = 1

    def rows(self, function: Callable[[slice], None], n: int) -> None:
        """Call a function on blocks of n rows; it may ask for columns inside."""
        if self.by == "rows":
            count = -(-n // TALL)
            self.each(function, even(n, -(-count // self.cores) * self.cores))
        else:
            function(slice(0, n))

    def columns(self, function: Callable[[slice], None], width: int) -> None:
        """Call a function on shares of so many columns."""
        if self.by == "columns":
            self.each(function, even(width, self.cores))
        else:
            function(slice(0, width))

    def each(self, function: Callable[[T], None], tasks: Iterable[T]) -> None:
        """Call a function on every task, over threads unless there is one core to use."""
        share = _serial if self.cores == 1 else _shared
        share(function, tasks)


ALONE = Crew()
"""Everything on the thread that asks, and BLAS as it is."""


@contextmanager
def workers(n_rows: int) -> Iterator[Crew]:
    """The crew for a run over so many rows.

    NumPy releases the interpreter lock in products and ufuncs; BLAS is limited to one thread
    meanwhile, so that its threads and ours do not fight for the cores. Numbers that grow too
    large make no noise: whoever uses what comes out looks whether it is finite.
    """
    cores = _cores()
    with np.errstate(over="ignore", invalid="ignore"):
        if n_rows < FEW or cores < 2:
            yield ALONE
        else:
            with _blas:
                yield Crew("rows" if n_rows >= min(SHORT * cores, MANY) else "columns", cores)


def even(n: int, count: int) -> list[slice]:
    """A range cut into so many parts of nearly the same size; empty ones are left out."""
    bounds = [n * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(bounds) if a < b]


def _serial(function: Callable[[T], None], tasks: Iterable[T]) -> None:
    for task in tasks:
        function(task)


def _shared(function: Callable[[T], None], tasks: Iterable[T]) -> None:
    waiting = iter(tasks)  # whoever is free takes the next
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    asked = _helpers()
    n_helpers = _cores() - 1
    for _ in range(n_helpers):
        asked.put((partial(_serial, function, waiting), done))
    try:
        _serial(function, waiting)
    finally:
        errors = [done.get() for _ in range(n_helpers)]
    for error in errors:
        if error is not None:
            raise error


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _helpers() -> SimpleQueue[Job]:
    """Where threads wait for jobs; leaner than an executor, which takes twice as long to wake."""
    asked: SimpleQueue[Job] = SimpleQueue()
    for _ in range(_cores() - 1):
        Thread(target=_help, args=(asked,), name="attnviz", daemon=True).start()
    return asked


def _help(asked: SimpleQueue[Job]) -> None:
    np.seterr(over="ignore", invalid="ignore")
    while True:
        work, done = asked.get()
        try:
            work()
        except BaseException as error:  # whoever asked raises it
            done.put(error)
        else:
            done.put(None)
        del work, done  # and with them what they hold


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)  # a fork has no threads


class _OneThread:
    """Keeps BLAS to one thread while any run lasts; runs of several threads may overlap."""

    def __init__(self) -> None:
        self._lock, self._runs = Lock(), 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._runs:
                self._limit = _controller().limit(limits=1, user_api="blas")
            self._runs += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._runs -= 1
            if not self._runs:
                self._limit.restore_original_limits()


_blas = _OneThread()


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # 5 ms that short inputs need not pay

    return ThreadpoolController()
