"""Sharing blocks of rows over threads, with BLAS kept to one thread in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Each", "row_blocks", "workers"]

T = TypeVar("T")
Each = Callable[[Callable[[T], None], Iterable[T]], None]

SMALL = 256
"""Below this many rows, BLAS's own threads serve better than ours."""

TALL = 256
"""Rows per block: enough for BLAS to reach its speed, few enough for the cache."""


@contextmanager
def workers(n_rows: int) -> Iterator[Each[Any]]:
    """A function that calls another on every task, over threads where the work is large.

    NumPy releases the interpreter lock in products and ufuncs; BLAS is limited to one thread
    meanwhile, so that its threads and ours do not fight for the cores. Numbers that grow too
    large make no noise: whoever uses what comes out looks whether it is finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if n_rows < SMALL or _cores() < 2:
            yield _serial
        else:
            with _controller().limit(limits=1, user_api="blas"):
                yield _shared


def row_blocks(n_rows: int) -> list[slice]:
    """Rows split evenly, into at least one block per core where there are many."""
    if n_rows < SMALL:
        return [slice(0, n_rows)]
    count = max(-(-n_rows // TALL), min(_cores(), n_rows // (SMALL // 2)))
    count = -(-count // _cores()) * _cores()
    bounds = [n_rows * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(bounds) if a < b]


def _serial(function: Callable[[T], None], tasks: Iterable[T]) -> None:
    for task in tasks:
        function(task)


def _shared(function: Callable[[T], None], tasks: Iterable[T]) -> None:
    waiting = iter(tasks)  # whoever is free takes the next

    def work() -> None:
        _serial(function, waiting)

    helping = [_pool().submit(work) for _ in range(_cores() - 1)]
    try:
        work()
    finally:
        for helper in helping:
            helper.result()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    quiet = partial(np.seterr, over="ignore", invalid="ignore")
    return ThreadPoolExecutor(_cores(), "attnviz", quiet)


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # 5 ms that short inputs need not pay

    return ThreadpoolController()
