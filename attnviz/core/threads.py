"""Work shared over a few threads of concurrent.futures, in parts that depend on its size alone.

So the same call gives the same bits whoever helps; nobody waits for a thread that has not begun.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from attnviz.cores import available_cores, one_blas_thread

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")
WORTH = 1 << 22  # multiplications in a share at least; with a quarter, busy cores take 1.11 at 12


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a run divides products over ``cores``: by columns; rows take 1.48 at 12 tokens."""

    cores: int = 1

    def each(self, function: Callable[[T], object], tasks: Sequence[T]) -> None:
        """Call a function on every task; whoever is free takes the next."""
        self.in_steps(lambda task: [function(task)], tasks)

    def in_steps(self, function: Callable[[T], Iterable[object]], tasks: Sequence[T]) -> None:
        """The same for tasks in steps; after an error, or Ctrl-C, nobody goes on to another."""
        waiting, over = iter(tasks), list[bool]()

        def work() -> None:
            for _ in chain.from_iterable(map(function, waiting)):
                if over:
                    break

        def ended(helper: Future[None]) -> None:
            if not helper.cancelled() and helper.exception():
                over.append(True)

        helpers: list[Future[None]] = []
        try:
            with suppress(RuntimeError):  # no thread can be started, as when the interpreter ends
                for _ in range(min(self.cores, len(tasks)) - 1):
                    helpers.append(_pool(os.getpid()).submit(work))
                    helpers[-1].add_done_callback(ended)
            work()
            _ = [helper.result() for helper in helpers if not helper.cancel()]
        finally:
            over.append(True)
            _ = [helper.exception() for helper in helpers if not helper.cancel()]  # waits

    def shares(self, width: int, rows: int, d_in: int) -> list[slice]:
        """Shares of so many columns of a product of (rows, d_in) and (d_in, width)."""
        return even(width, min(self.cores, max(1, width * d_in * rows // WORTH)))


ALONE = Sharing()  # everything in one piece on the thread that asks


@contextmanager
def sharing(cores: int | None = None) -> Iterator[Sharing]:
    """How a run is shared by so many cores, or all, with BLAS on one thread.

    Numbers that grow too large make no noise: what comes out is looked at whether it is finite.
    """
    one_blas_thread()
    with np.errstate(over="ignore", invalid="ignore"):
        yield Sharing(cores or available_cores())


def even(n: int, count: int) -> list[slice]:
    """A range cut into so many parts of nearly the same size; empty ones are left out."""
    bounds = [n * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(bounds) if a < b]


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001
    """The threads of a process; a fork has none of its parent's."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max(1, available_cores() - 1), "attnviz", initializer=_begin)


def _begin() -> None:
    """What holds in every thread that helps."""
    np.seterr(over="ignore", invalid="ignore")
    one_blas_thread()  # some libraries count their threads for each of ours
