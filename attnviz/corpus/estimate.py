"""What many texts would take, before anything is computed of more than a few of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from attnviz import memory
from attnviz.corpus.packs import BAD, Job, compute_pack, packs_of, read_pack
from attnviz.errors import EmptyText

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")

KEPT = 512  # texts that are read, at least, spread evenly over all
TIMED = 4  # packs that are computed, the first of which warms up


class Estimate(NamedTuple):
    """What texts would take: tokens of all, seconds on so many cores, bytes of a process."""

    texts: int
    tokens: int
    longest: int
    seconds: float
    cores: int
    memory: int | None


def estimate(
    model: Model, job: Job[T, Any], items: Iterable[T], text: Callable[[T], str], cores: int
) -> Estimate:
    """Read all texts once and tokenize some; compute a few packs of them on one core.

    Where there are few texts, their tokens are counted and not estimated. EmptyText where none
    can be read.
    """
    n, size, longest, some = _spread(items, text)
    counts = [*_counts(model, job, some)]
    if not counts:
        raise EmptyText("there is no text that the model takes; give at least one")
    read = sum(len(text(one).encode()) for one, _ in counts)
    tokens = sum(count for _, count in counts)
    each = tokens / max(1, read)
    took = _seconds_of_a_token(model, job, [one for one, _ in counts], text)
    total = round(size * each)
    most = max(max(count for _, count in counts), round(longest * each))
    return Estimate(n, total, most, total * took / cores, cores, memory.peak())


def _spread(items: Iterable[T], text: Callable[[T], str]) -> tuple[int, int, int, list[T]]:
    """How many items there are, their bytes, the longest one's, and some of them from everywhere.

    Of each so many one is kept; whenever too many are, every other is given up.
    """
    n = size = longest = 0
    step, some = 1, []
    for one in items:
        bytes_of = len(text(one).encode("utf-8", "surrogatepass"))
        size, longest = size + bytes_of, max(longest, bytes_of)
        if n % step == 0:
            some.append(one)
        n += 1
        if len(some) == 2 * KEPT:
            step, some = 2 * step, some[::2]
    return n, size, longest, some


def _counts(model: Model, job: Job[T, Any], some: Iterable[T]) -> Iterator[tuple[T, int]]:
    for one in some:
        with suppress(*BAD):
            yield one, len(job.read(model, one).tokens)


def _seconds_of_a_token(
    model: Model, job: Job[T, Any], some: list[T], text: Callable[[T], str]
) -> float:
    """Of a few packs, reading included, each on one core."""
    rates: list[float] = []
    for pack in islice(packs_of(some * TIMED, text), TIMED):
        started = time.perf_counter()
        given = read_pack(job, model, pack)
        compute_pack(job, model, given, 1)
        n_tokens = sum(len(read.tokens) for _, read in given.inputs)
        rates.append((time.perf_counter() - started) / max(1, n_tokens))
    return min(rates)
