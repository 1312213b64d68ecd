"""The strongest links of texts of any length, found as their weights come by, none kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.corpus.lines import Text
from attnviz.corpus.packs import Job

if TYPE_CHECKING:
    from attnviz.analysis.answers import Excluded
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.model.long_texts import Tell
    from attnviz.result import Head, Link, Token


@dataclass(frozen=True, slots=True)
class TextLinks:
    """The strongest links of one text, whose queries and keys count ``units``.

    Units are words or tokens, as ``by`` says, made of these ``runs`` of its ``n_tokens`` tokens;
    ``texts`` are what was read, ``excluded`` what counts as no link. The last ``behind`` links are
    of heads that distance alone explains.
    """

    line: int | None
    links: Sequence[Link]
    units: Sequence[Token]
    runs: Sequence[list[int]]
    by: str
    excluded: tuple[Excluded, ...]
    n_tokens: int
    texts: Sequence[str]
    behind: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The ``n`` strongest links, between tokens or else words, of some layers or heads, or all."""

    n: int
    layers: Sequence[int] | None = None
    heads: Sequence[Head] | None = None
    tokens: bool = False


def strongest_job(
    asked: Asked, how: Mapping[str, Any], tell: Tell | None = None
) -> Job[Text, list[TextLinks]]:
    """The strongest links of each text of a pack, in order.

    ``how`` are options of ``Model.encode``; ``tell`` is told how much is done of a text that is
    alone here.
    """
    return Job(partial(_read, how=dict(how)), partial(_found, asked=asked, tell=tell))


def _read(model: Model, one: Text, *, how: Mapping[str, Any]) -> Input:
    return model.encode(one.text, **how)


def _found(
    model: Model,
    given: Sequence[tuple[Text, Input]],
    cores: int | None,
    *,
    asked: Asked,
    tell: Tell | None,
) -> list[TextLinks]:
    return [_links(model, one, read, cores, asked, tell) for one, read in given]


def _links(
    model: Model, one: Text, read: Input, cores: int | None, asked: Asked, tell: Tell | None
) -> TextLinks:
    found = model.find_strongest(
        read,
        asked.n,
        layers=asked.layers,
        heads=asked.heads,
        tokens=asked.tokens,
        tell=tell if cores is None else None,
        cores=cores,
    )
    return TextLinks(
        one.line,
        found.links(),
        tuple(found.units),
        found.runs,
        found.by,
        found.excluded,
        len(read.tokens),
        tuple(read.texts),
        found.behind,
    )
