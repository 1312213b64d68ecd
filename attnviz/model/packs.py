"""Many inputs: packed, so that short ones run together, and pack beside pack on all cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from typing import NoReturn, TypeVar

from attnviz.cores import available_cores
from attnviz.errors import AttnvizError
from attnviz.model.inputs import Input

P = TypeVar("P")
R = TypeVar("R")

PACK_TOKENS = 2048
"""How many tokens run together."""


def packs(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    """Inputs in their order, in groups of up to PACK_TOKENS tokens, but of one input at least."""
    pack: list[Input] = []
    n_tokens = 0
    for given in inputs:
        if pack and n_tokens + len(given.tokens) > PACK_TOKENS:
            yield pack
            pack, n_tokens = [], 0
        pack.append(given)
        n_tokens += len(given.tokens)
    if pack:
        yield pack


def by_length(inputs: Sequence[Input]) -> list[int]:
    """The numbers of inputs, those with as many tokens side by side, as they run together."""
    lengths = [(len(given.tokens), len(given.target_tokens)) for given in inputs]
    return sorted(range(len(inputs)), key=lengths.__getitem__)


def together(run: Callable[[list[Input]], Iterable[R]], inputs: Sequence[Input]) -> list[R]:
    """What a run makes of inputs that it gets by their length, in the order that they had."""
    order = by_length(inputs)
    return in_order(order, run([inputs[number] for number in order]))


def in_order(order: Sequence[int], found: Iterable[R]) -> list[R]:
    """What was found of inputs in this order, in the order of their numbers."""
    return [one for _, one in sorted(zip(order, found, strict=True), key=itemgetter(0))]


def side_by_side(
    function: Callable[[P, int | None], R],
    packed: Iterable[P],
    stop: Callable[[], None] | None = None,
) -> Generator[R]:
    """What a function makes of each pack, given how many cores it may use, in their order.

    Several packs have one core each; a single one has all, which None says. They are taken as
    they are needed, some ahead of what is asked for; what goes wrong with that is raised behind
    the results before it. Whoever asks for no more waits only for those that have begun, which
    ``stop`` may hasten.
    """
    cores = available_cores()
    threads = cores + (cores > 1)  # one computes while one waits to be let at Python: 0.95
    pool = ThreadPoolExecutor(threads, "attnviz-packs")
    waiting: deque[Callable[[], R]] = deque()
    try:
        for result in _begun(function, packed, pool):
            waiting.append(result)
            if len(waiting) > threads:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()
    finally:
        if stop:
            stop()
        pool.shutdown(cancel_futures=True)


def _begun(
    function: Callable[[P, int | None], R],
    packed: Iterable[P],
    pool: ThreadPoolExecutor,
) -> Iterator[Callable[[], R]]:
    """What gives the result of each pack, or raises what went wrong when it was to be taken."""
    last: P | None = None
    several = False
    failed: list[Callable[[], R]] = []
    try:
        for pack in packed:
            if last is not None:
                several = True
                yield pool.submit(function, last, 1).result
            last = pack
    except AttnvizError as error:
        failed.append(partial(_raise, error))
    if last is not None and several:
        yield pool.submit(function, last, 1).result
    elif last is not None:
        yield partial(function, last, None)
    yield from failed


def _raise(error: AttnvizError) -> NoReturn:
    raise error
