"""Texts in partitions of Dask, or in no partitions: packs of each, where Dask computes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from attnviz.corpus.cluster import nowhere
from attnviz.corpus.here import Here
from attnviz.corpus.packs import Job, packs_of, refuse_one, taken
from attnviz.corpus.worker import NotHere, Wanted, wanted, work

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")


class Work(NamedTuple):
    """What is done with a partition: its items made ready, then a job on packs of them."""

    ready: Callable[[Iterable[Any]], Iterable[Any]]
    text: Callable[[Any], str]
    job: Job[Any, Any]


def partitions_of(texts: Any) -> Sequence[Any] | None:
    """The partitions of a Dask bag, or delayed lists as they are; None for any other iterable."""
    if hasattr(texts, "to_delayed"):
        found: Sequence[Any] = texts.to_delayed()
        return found
    if isinstance(texts, list | tuple) and texts and all(hasattr(one, "dask") for one in texts):
        return texts
    return None


def worked(model: Model, partitions: Sequence[Any], does: Work, then: Callable[..., R]) -> list[R]:
    """What ``then`` makes of each partition's number and found packs, in order, where Dask is.

    A client that is connected decides where that is; without one it is this process. ClusterError
    where a worker has no such model.
    """
    import dask

    name, part = wanted(model), dask.delayed(_part)
    try:
        return [
            *dask.compute(*(part(name, one, does, n, then) for n, one in enumerate(partitions)))
        ]
    except NotHere as error:
        raise nowhere(str(error)) from None


def worked_here(model: Model, items: Iterable[Any], does: Work) -> Iterator[Any]:
    """What a job finds in packs of items, side by side on the cores of this machine."""
    packs = packs_of(does.ready(items), does.text)
    return taken(Here(model).each(does.job, [packs]), refuse_one)


def _part(name: Wanted, items: Iterable[Any], does: Work, number: int, then: Callable[..., R]) -> R:
    packs = packs_of(does.ready(items), does.text)
    done = (work(name, does.job, pack)[0] for pack in packs)
    return then(number, taken(done, refuse_one))
