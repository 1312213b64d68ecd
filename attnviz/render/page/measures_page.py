"""Measures of all heads as one HTML file: a picture of one of them and a table of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

from attnviz.analysis.labels import Label
from attnviz.analysis.measured import HeadMeasures
from attnviz.render.labels import labels_text
from attnviz.render.page.plain_page import Picture, pictures, table, terms, write_plain_page
from attnviz.result import Head


def write_measures_page(
    found: HeadMeasures,
    order: Sequence[Head],
    stream: BinaryIO,
    *,
    picture: bytes,
    titles: Mapping[str, str],
    labels: Mapping[Head, Sequence[Label]],
    place: tuple[str, Callable[[Head], str]] = ("head", str),
    title: str,
    about: str = "",
) -> None:
    """Write a picture, which is an SVG file, over the table of all heads in this order.

    ``place`` is what its first column is, and how a head is named there.
    """
    parts = [
        pictures([Picture(picture)], name=title),
        table([place[0], *found.names, "found to be"], _rows(found, order, labels, place[1])),
        terms({name: titles[name] for name in found.names}),
    ]
    write_plain_page(stream, parts, title=title, about=about)


def _rows(
    found: HeadMeasures,
    order: Sequence[Head],
    labels: Mapping[Head, Sequence[Label]],
    named: Callable[[Head], str],
) -> Iterator[list[str]]:
    for head in order:
        values = found.of(head).values()
        numbers = ["" if math.isnan(value) else f"{value:.2f}" for value in values]
        yield [named(head), *numbers, labels_text(labels.get(head, ()))]
