"""The strongest links of texts of any length: of long ones found as their weights come by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.analysis.links import strongest_links
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view, select_heads
from attnviz.analysis.words import tokens_of_words
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import Job
from attnviz.model.wanted import first_stack
from attnviz.result import Head

if TYPE_CHECKING:
    from attnviz.analysis.answers import Excluded
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.model.long_texts import Tell
    from attnviz.result import Link, Token

SHORT = 256
"""Tokens of a text whose maps are small: of thirty, whole maps take a third of the time."""


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
    """Those of short texts together, as the same rule finds them in whole maps."""
    short = [len(read.tokens) <= SHORT for _, read in given]
    pack = [one for one, is_short in zip(given, short, strict=True) if is_short]
    together = iter(_of_maps(model, pack, cores, asked) if pack else ())
    return [
        next(together) if is_short else _links(model, one, read, cores, asked, tell)
        for (one, read), is_short in zip(given, short, strict=True)
    ]


def _of_maps(
    model: Model, given: Sequence[tuple[Text, Input]], cores: int | None, asked: Asked
) -> Iterator[TextLinks]:
    heads = sorted(() if asked.heads is None else Head.several(asked.heads))
    kind, layers = first_stack(model.spec, model.info, asked.layers, heads)
    results = model.attend_pack([read for _, read in given], layers=layers, cores=cores)
    for (one, read), result in zip(given, results, strict=True):
        view = make_view(select_heads(result, heads=heads), words=not asked.tokens)
        statistics = head_statistics(view, kind)
        links = strongest_links(view, kind, statistics, asked.n)
        yield TextLinks(
            one.line,
            links,
            view.keys(kind),
            [[i] for i in range(len(read.tokens))]
            if asked.tokens
            else tokens_of_words(read.tokens),
            "token" if asked.tokens else "word",
            statistics.excluded,
            len(read.tokens),
            tuple(read.texts),
            sum(bool(statistics.behind[link.query, link.key]) for link in links),
        )


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
