"""Texts in packs, and what is done with a pack: read, computed, and what was refused in it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from attnviz.errors import EmptyText, InputError, TooBig, TooLong, UnknownWord

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input


T = TypeVar("T")
R = TypeVar("R")

BAD = (EmptyText, TooLong, TooBig, UnknownWord)
"""What is wrong with one text, and not with all."""

Bad = InputError | TooBig

PACK_BYTES = 10_000
"""UTF-8 of a pack's texts: about 2,000 tokens of English, and never more tokens than bytes."""

AROUND = 16
"""Bytes that count for each text besides its own, as its special tokens cost something too."""


@dataclass(frozen=True, slots=True)
class Job(Generic[T, R]):
    """What is done with packs: ``read`` one item, then ``compute`` what a whole pack gives.

    ``compute`` is told how many cores it may use, None for all. Both can be pickled. The same pack
    gives the same bits on one core wherever that is, as long as processor and NumPy are alike.
    """

    read: Callable[[Model, T], Input]
    compute: Callable[[Model, Sequence[tuple[T, Input]], int | None], R]


class Done(NamedTuple, Generic[T, R]):
    """What a pack gave, None where no item could be read; and those that were refused, and why.

    ``last`` is its last item, ``n_texts`` and ``n_tokens`` are of those that were read.
    """

    found: R | None
    refused: list[tuple[T, Bad]]
    last: T
    n_texts: int
    n_tokens: int


class Given(NamedTuple, Generic[T]):
    """A pack that has been read."""

    inputs: list[tuple[T, Input]]
    refused: list[tuple[T, Bad]]
    last: T


class Place(Protocol):
    """Where packs are computed: in this process, or on a cluster."""

    def each(self, job: Job[T, R], bursts: Iterable[Iterable[list[T]]]) -> Generator[Done[T, R]]:
        """What a job makes of each pack, in order; of a burst, before the next one is read."""


def read_pack(job: Job[T, R], model: Model, pack: list[T]) -> Given[T]:
    """Each item with what the model takes, as far as it takes it."""
    given: Given[T] = Given([], [], pack[-1])
    for one in pack:
        try:
            given.inputs.append((one, job.read(model, one)))
        except BAD as error:
            given.refused.append((one, error))
    model.note_lengths(read for _, read in given.inputs)  # here, where packs come in their order
    return given


def compute_pack(job: Job[T, R], model: Model, given: Given[T], cores: int | None) -> Done[T, R]:
    """What a job makes of a pack that has been read."""
    found = job.compute(model, given.inputs, cores) if given.inputs else None
    n_tokens = sum(len(read.tokens) for _, read in given.inputs)
    return Done(found, given.refused, given.last, len(given.inputs), n_tokens)


def packs_of(items: Iterable[T], text: Callable[[T], str]) -> Iterator[list[T]]:
    """Items in their order, in packs of up to PACK_BYTES of text, but of one item at least.

    They are cut by their text alone, so that whoever hands them out need not read them.
    """
    pack: list[T] = []
    size = 0
    for one in items:
        more = AROUND + len(text(one).encode("utf-8", "surrogatepass"))
        if pack and size + more > PACK_BYTES:
            yield pack
            pack, size = [], 0
        pack.append(one)
        size += more
    if pack:
        yield pack


def refuse_one(_one: object, error: Bad) -> None:
    """Stop at the first item that cannot be read."""
    raise error


def taken(done: Generator[Done[T, R]], tell: Callable[[T, Bad], None]) -> Generator[R]:
    """What packs gave; what was refused in them goes to ``tell``, which may raise it."""
    with closing(done):
        for pack in done:
            for one, error in pack.refused:
                tell(one, error)
            if pack.found is not None:
                yield pack.found
