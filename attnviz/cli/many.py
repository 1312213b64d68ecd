"""Many texts through a model: one result for each in order, and bad ones named and passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz.cli.reading import BadLines
from attnviz.cli.texts import Text

if TYPE_CHECKING:
    from attnviz.corpus.packs import Place
    from attnviz.model import Model
    from attnviz.result import AttentionResult, Weighting

__all__ = ["at_rest", "attended", "peeked", "prepared"]

T = TypeVar("T")


def peeked(bursts: Iterator[list[Text]]) -> Iterator[list[Text]]:
    """The same, once the first has come: what is wrong with it is known before a model is read."""
    first = next(bursts, None)
    return bursts if first is None else chain([first], bursts)


def attended(
    place: Place,
    model: Model,
    bursts: Iterable[Iterable[Text]],
    bad: BadLines,
    how: dict[str, Any],
    weights: Weighting = "raw",
) -> Iterator[AttentionResult]:
    """The results of all texts in order; those of a burst are given before the next is read."""
    from attnviz.corpus.attended import attended_job
    from attnviz.corpus.packs import packs_of, taken

    job = attended_job(how, weights, model.info)
    packs = (packs_of(burst, lambda one: one.text) for burst in bursts)
    for results in taken(place.each(job, packs), bad.refused):
        yield from results


def at_rest(files: Sequence[str], given: Sequence[str]) -> bool:
    """Whether all texts are there from the beginning, so that nobody waits for an answer."""
    return bool(files) and not given and all(Path(name).is_file() for name in files)


def prepared(
    read: Callable[[str], T], texts: Iterable[Text], bad: BadLines
) -> Iterator[tuple[Text, T]]:
    """Each text with what is made of it; a text of which nothing can be made is a bad line."""
    for text in texts:
        with bad.passed_over(text.line):
            yield text, read(text.text)
