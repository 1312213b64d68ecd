"""Packs as they are done: told to who waits, and to whatever else wants to hear of each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz.cli.clusters import opened
from attnviz.cli.progress import Progress, Tally, progress

if TYPE_CHECKING:
    from attnviz.corpus.packs import Done, Job, Place
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")


class Watched:
    """A place whose packs are shown, each when whoever asked for it has had it."""

    def __init__(
        self, place: Place, seen: Callable[[Done[Any, Any]], None], told: Progress, then: str = ""
    ) -> None:
        self._place, self._seen, self.told, self._then = place, seen, told, then

    def each(self, job: Job[T, R], bursts: Iterable[Iterable[list[T]]]) -> Generator[Done[T, R]]:
        """What a job makes of each pack."""
        for done in self._place.each(job, bursts):
            yield done
            self._seen(done)
        if self._then:
            self.told.say(self._then)


@contextmanager
def watched(
    address: str | None,
    model: Model,
    files: Sequence[str],
    also: Callable[[Done[Any, Any]], None] | None = None,
    *,
    silent: bool = False,
    then: str = "",
) -> Iterator[Watched]:
    """Where packs are computed; unless ``silent``, how far texts of ``files`` are is said.

    ``then`` is what is done with what packs of a job gave, where that takes long too.
    """
    tally = Tally(files)
    with progress() as told, opened(address, model) as place:
        if not silent:
            told.say("measuring")

        def seen(done: Done[Any, Any]) -> None:
            line = getattr(done.last, "line", None)
            told.update(tally.add(done.n_tokens, line, done.n_texts))
            if also:
                also(done)

        yield Watched(place, seen, told, then)
        told.hide()
