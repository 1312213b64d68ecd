"""Sharing work over threads, with BLAS kept to one thread in each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeVar

import numpy as np

from attnviz.core.helpers import Team, serial
from attnviz.core.ops import FloatArray

__all__ = ["ALONE", "Crew", "even", "workers"]

T = TypeVar("T")

FEW = 96
"""Below this many rows, BLAS's own threads serve better than ours."""

SHORT = 128
"""Rows per core from which on blocks of rows are shared, and not columns."""

MANY = 2048
"""Rows from which on blocks of rows are shared in any case, for they need less memory."""

TALL = 256
"""Rows per block at most, so that what a block makes stays in the cache."""


QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where a container reads how much time of the cores it has."""


@dataclass(frozen=True, slots=True)
class Crew:
    """How a run shares its work: by blocks of rows, by columns of each product, or not at all."""

    by: Literal["rows", "columns", "nothing"] = "nothing"
    team: Team | None = None

    @property
    def cores(self) -> int:
        """How many threads work at once."""
        return 1 if self.team is None else 1 + len(self.team)

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

    @property
    def n_shares(self) -> int:
        """How many shares columns are given out in."""
        return self.cores if self.by == "columns" else 1

    def total(
        self, function: Callable[[slice, FloatArray], None], width: int, parts: FloatArray
    ) -> FloatArray:
        """The sum of what a function makes of shares of so many inputs.

        Each share has its own place in ``parts`` (share, row, column); the sum is in the first.
        """
        shares = even(width, self.n_shares)
        first: FloatArray = parts[0]
        if len(shares) == 1:
            function(shares[0], first)
            return first
        self.each(lambda i: function(shares[i], parts[i]), range(len(shares)))

        def add(columns: slice) -> None:
            for other in parts[1 : len(shares)]:
                first[:, columns] += other[:, columns]

        if len(shares) > 2:
            self.columns(add, parts.shape[2])
        else:  # two are added sooner than shared
            add(slice(None))
        return first

    def each(self, function: Callable[[T], None], tasks: Iterable[T]) -> None:
        """Call a function on every task, over threads unless there is one core to use."""
        share = serial if self.team is None else self.team.share
        share(function, tasks)


ALONE = Crew()
"""Everything on the thread that asks, and BLAS as it is."""


@contextmanager
def workers(n_rows: int, *, alert: bool = False) -> Iterator[Crew]:
    """The crew for a run over so many rows; ``alert`` for one that calls nobody in between.

    NumPy releases the interpreter lock in products and ufuncs; BLAS is limited to one thread
    meanwhile, so that its threads and ours do not fight for the cores. Of runs that overlap, the
    first has the helpers. Numbers that grow too large make no noise: whoever uses what comes out
    looks whether it is finite.
    """
    cores = _cores()
    with np.errstate(over="ignore", invalid="ignore"):
        if n_rows < FEW or cores < 2:
            yield ALONE
            return
        team = _team(cores - 1)
        with _blas, team.hired(alert=alert and n_rows < MANY) as free:
            by_rows = n_rows >= min(SHORT * cores, MANY)
            yield Crew("rows" if by_rows else "columns", team if free else None)


def even(n: int, count: int) -> list[slice]:
    """A range cut into so many parts of nearly the same size; empty ones are left out."""
    bounds = [n * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(bounds) if a < b]


def _cores() -> int:
    """Cores that this process may use, as far as the system says."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _quota())
    return os.cpu_count() or 1


@cache
def _quota() -> int:
    """How many cores' time a container may take (cgroup v2), rounded up."""
    try:
        quota, period = QUOTA.read_text(encoding="ascii").split()
        return max(1, -(-int(quota) // int(period)))
    except (OSError, ValueError):  # none, or "max"
        return sys.maxsize


@cache
def _team(n_helpers: int) -> Team:
    return Team(n_helpers)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_team.cache_clear)  # a fork has no threads


class _OneThread:
    """Keeps BLAS to one thread while any run lasts; runs of several threads may overlap."""

    def __init__(self) -> None:
        self._lock, self._runs = Lock(), 0
        self._before: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._runs:
                self._before = [library.num_threads for library in _libraries()]
                for library in _libraries():
                    _limit(library, 1)
            self._runs += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._runs -= 1
            if not self._runs:
                for library, threads in zip(_libraries(), self._before, strict=True):
                    _limit(library, threads)


_blas = _OneThread()


@cache
def _libraries() -> list[Any]:
    """The BLAS libraries of this process."""
    from threadpoolctl import ThreadpoolController  # 5 ms that short inputs need not pay

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _limit(library: Any, threads: int) -> None:
    """Set a library's threads; threadpoolctl would otherwise keep this to the first that asks."""
    release = getattr(library, "clear_controlling_thread", None)  # threadpoolctl ≥ 3.8
    if release:
        release(force=True)
    library.set_num_threads(threads)
    if release:
        release(force=True)
