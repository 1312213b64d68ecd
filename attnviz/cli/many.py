"""Many texts through a model: one result for each in order, and bad ones named and passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz.cli.clusters import opened
from attnviz.cli.estimates import print_estimate
from attnviz.cli.reading import BadLines
from attnviz.cli.texts import Text

if TYPE_CHECKING:
    from attnviz.cli.deliver import Delivery
    from attnviz.cli.options import Options
    from attnviz.corpus.packs import Job
    from attnviz.model import Model
    from attnviz.result import AttentionResult


T = TypeVar("T")


def peeked(bursts: Iterator[list[Text]]) -> Iterator[list[Text]]:
    """The same, once the first has come: what is wrong with it is known before a model is read."""
    first = next(bursts, None)
    return bursts if first is None else chain([first], bursts)


@dataclass(frozen=True, slots=True)
class Many:
    """Texts that give a result each, and what becomes of these.

    ``texts`` of a burst are answered before the next burst is read; ``how`` they are read is told
    ``Model.read``.
    """

    model: Model
    texts: Iterable[Iterable[Text]]
    bad: BadLines
    how: dict[str, Any]
    options: Options
    cluster: str | None

    def deliver(
        self, delivery: Delivery, job: Job[Text, list[AttentionResult]] | None = None
    ) -> None:
        """Give all results of a job, or all maps, in order; pass over what cannot be shown."""
        for result in self.each(job or self._job()):
            with self.bad.passed_over(result.line):
                delivery.add(result)

    def each(self, job: Job[Text, list[T]]) -> Iterator[T]:
        """What a job makes of each text, in order; texts that cannot be read are passed over."""
        from attnviz.corpus.packs import packs_of, taken

        packs = (packs_of(burst, text_of) for burst in self.texts)
        with opened(self.cluster, self.model) as place:
            for results in taken(place.each(job, packs), self.bad.refused):
                yield from results

    def write(self, folder: Path, delivery: Delivery) -> None:
        """Write all results into a folder, in parts."""
        from attnviz.cli.parts import write_parts

        texts = chain.from_iterable(self.texts)
        with opened(self.cluster, self.model) as place:
            given = place, self.model, texts, self.bad, self.how, self.options
            write_parts(*given, folder, delivery.count)

    def estimate(self, job: Job[Text, Any] | None = None) -> None:
        """Say what a job would take, or all maps."""
        texts, options = chain.from_iterable(self.texts), self.options
        job = job or self._job()
        print_estimate(self.model, job, texts, text_of, cluster=self.cluster, as_json=options.json)

    def _job(self) -> Job[Text, list[AttentionResult]]:
        from attnviz.corpus.attended import attended_job

        return attended_job(self.how, self.options.weighting(), self.model.info)


def text_of(one: Text) -> str:
    """The text alone."""
    return one.text


def at_rest(files: Sequence[str], given: Sequence[str]) -> bool:
    """Whether all texts are there from the beginning, so that nobody waits for an answer."""
    return bool(files) and not given and all(Path(name).is_file() for name in files)


def burst_by_burst(
    bursts: Iterator[list[Text]], files: Sequence[str], given: Sequence[str]
) -> Iterable[Iterable[Text]]:
    """The bursts that are each answered before the next; one of all texts where nobody waits."""
    return [chain.from_iterable(bursts)] if at_rest(files, given) else bursts


def prepared(
    read: Callable[[str], T], texts: Iterable[Text], bad: BadLines
) -> Iterator[tuple[Text, T]]:
    """Each text with what is made of it; a text of which nothing can be made is a bad line."""
    for text in texts:
        with bad.passed_over(text.line):
            yield text, read(text.text)
