"""Packs on this machine: on threads side by side and, where there are many, on processes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from attnviz.corpus.packs import Done, Given, Job, compute_pack, read_pack
from attnviz.corpus.processes import Answer, Processes, room_for_processes
from attnviz.corpus.told import Told
from attnviz.model.packs import side_by_side

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")

SOON = 4.0
"""Seconds of packs on threads; to begin processes takes half of one, won back in two to eight."""


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
            told = Told()
            with closing(Processes(self.model)) as processes:
                compute = partial(self._computed, job, processes)
                packs = self._given(job, burst, processes)
                with closing(side_by_side(compute, packs, stop=processes.kill)) as answers:
                    for done, sentences in answers:
                        told.tell(sentences)
                        yield done

    def _given(
        self, job: Job[T, R], burst: Iterable[list[T]], processes: Processes
    ) -> Iterator[list[T] | Given[T]]:
        """Packs that have been read or, once processes are worth it, as these take them.

        The first two are never for them.
        """
        began = time.monotonic()
        for number, pack in enumerate(burst):
            long = number > 1 and time.monotonic() - began > SOON
            if long and not processes.begun and room_for_processes():
                processes.begin()
            yield pack if processes.begun else read_pack(job, self.model, pack)

    def _computed(
        self, job: Job[T, R], processes: Processes, pack: list[T] | Given[T], cores: int | None
    ) -> Answer[T, R]:
        """What a job makes of a pack, by this thread or by a process."""
        if isinstance(pack, Given):
            return compute_pack(job, self.model, pack, cores), []
        return processes.work(job, pack)
