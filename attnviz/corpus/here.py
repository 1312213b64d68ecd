"""Packs on this machine: on threads side by side and, where there are many, on processes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from attnviz.corpus.packs import Done, Job, compute_pack, read_pack
from attnviz.corpus.processes import each_apart, room_for_processes
from attnviz.model.packs import side_by_side

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")

SOON = 2.0
"""Seconds of packs on threads; to change to processes takes half of one, won back in two."""


@dataclass(frozen=True, slots=True)
class Here:
    """This machine: packs side by side, one on each core; a burst of a single one has all.

    They are computed by threads of this process, which wait for each other where they are in
    Python; where that has taken SOON and there are more, by a process on each core. The numbers
    are the same.
    """

    model: Model

    def each(self, job: Job[T, R], bursts: Iterable[Iterable[list[T]]]) -> Generator[Done[T, R]]:
        """What a job makes of each pack, in order; of a burst, before the next one is read."""
        for burst in bursts:
            packs = iter(burst)
            yield from self._on_threads(job, _soon(packs))
            for pack in packs:
                yield from each_apart(self.model, job, chain([pack], packs))

    def _on_threads(self, job: Job[T, R], packs: Iterable[list[T]]) -> Generator[Done[T, R]]:
        given = (read_pack(job, self.model, pack) for pack in packs)
        return side_by_side(lambda one, cores: compute_pack(job, self.model, one, cores), given)


def _soon(packs: Iterator[list[T]]) -> Iterator[list[T]]:
    """Those that are taken while processes are not worth it: two at least, if there are."""
    began = time.monotonic()
    for number, pack in enumerate(packs, 1):
        yield pack
        if number > 1 and time.monotonic() - began > SOON and room_for_processes():
            return
