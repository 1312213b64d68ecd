"""The strongest links of each text of a pack, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from attnviz.analysis.choose import default_kind
from attnviz.analysis.links import strongest_links
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.corpus.packs import Job

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import AttentionResult


class LinkRow(NamedTuple):
    """A link between two words of a text, which is the ``text``-th, counted from 0.

    ``query_at`` and ``key_at`` are positions among its words, special tokens included.
    """

    text: int
    query: str
    key: str
    query_at: int
    key_at: int
    layer: int
    head: int
    weight: float


def links_job(n: int) -> Job[tuple[int, str], list[LinkRow]]:
    """The n strongest links of each text, which comes with its number."""
    return Job(_read, partial(_links, n=n))


def _read(model: Model, one: tuple[int, str]) -> Input:
    return model.read(one[1], truncate=True)


def _links(
    model: Model, given: Sequence[tuple[tuple[int, str], Input]], cores: int | None, *, n: int
) -> list[LinkRow]:
    results = model.attend_pack([read for _, read in given], cores=cores)
    return [
        row
        for ((number, _), _), result in zip(given, results, strict=True)
        for row in _rows(number, result, n)
    ]


def _rows(number: int, result: AttentionResult, n: int) -> list[LinkRow]:
    view = make_view(result, words=True, special=True)
    kind = default_kind(view)
    queries, keys = view.queries(kind), view.keys(kind)
    return [
        LinkRow(number, queries[q].text, keys[k].text, q, k, head.layer, head.head, weight)
        for q, k, weight, head in strongest_links(view, kind, head_statistics(view, kind), n)
    ]
