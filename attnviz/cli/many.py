"""Many texts through a model: one result for each in order, and bad ones named and passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz.cli.reading import BadLines
from attnviz.cli.texts import Text

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.result import AttentionResult, Weighting

__all__ = ["attended", "peeked", "prepared"]

T = TypeVar("T")


def peeked(bursts: Iterator[list[Text]]) -> Iterator[list[Text]]:
    """The same, once the first has come: what is wrong with it is known before a model is read."""
    first = next(bursts, None)
    return bursts if first is None else chain([first], bursts)


def attended(
    model: Model,
    bursts: Iterable[list[Text]],
    bad: BadLines,
    how: dict[str, Any],
    weights: Weighting = "raw",
) -> Iterator[AttentionResult]:
    """The results of all texts; those of a burst are computed together, and then given."""
    for burst in bursts:
        given = [*prepared(lambda text: model.read(text, **how), burst, bad)]
        inputs = (one for _, one in given)
        results = model.attend_many(inputs, layers=how["layers"], weights=weights)
        for (text, _), result in zip(given, results, strict=True):
            yield replace(result, line=text.line)


def prepared(
    read: Callable[[str], T], texts: Iterable[Text], bad: BadLines
) -> Iterator[tuple[Text, T]]:
    """Each text with what is made of it; a text of which nothing can be made is a bad line."""
    for text in texts:
        with bad.passed_over(text.line):
            yield text, read(text.text)
