"""Tables of many texts for Python: of any iterable, a Dask bag, or delayed lists of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.analysis.measured import HeadSums, add_up, mean
from attnviz.corpus.head_measures import heads_job, text_of
from attnviz.corpus.link_rows import LinkRow, links_job
from attnviz.corpus.partitions import Work, partitions_of, worked, worked_here
from attnviz.errors import InputError, OutputError, quote
from attnviz.model import DEFAULT, load

if TYPE_CHECKING:
    from pandas import DataFrame

    from attnviz.model import Model
    from attnviz.result import Kind


PART = 1 << 16  # rows of a Parquet file, where texts have no partitions


def heads(
    texts: Any, model: str | Model = DEFAULT, *, field: str = "text", kind: Kind | None = None
) -> DataFrame:
    """A row for each head: what it does with its weight, over all texts.

    ``texts`` are strings, or dicts with a string in ``field``: any iterable, a ``dask.bag``, or a
    list of ``dask.delayed`` lists. Partitions are measured where Dask computes them, each worker
    reading the model once, and added up here in their order. ``kind`` is the map that is measured,
    the first by default. Needs pandas. InputError where there is no text.
    """
    model = load(model) if isinstance(model, str) else model
    known = kind or model.spec.stacks[0].kind
    does = Work(partial(_texts, field=field), text_of, heads_job(known))
    partitions = partitions_of(texts)
    if partitions is None:
        found = mean(worked_here(model, texts, does))
    else:
        found = mean(one for one in worked(model, partitions, does, _sum) if one is not None)
    rows = (
        {"layer": head.layer, "head": head.head, **found.of(head)}
        for head in sorted(found.ranked(found.names[0]))
    )
    return _frame(rows, ["layer", "head", *found.names])


def links(
    texts: Any,
    model: str | Model = DEFAULT,
    *,
    n: int = 6,
    field: str = "text",
    to: str | Path | None = None,
) -> DataFrame:
    """A row for each of the n strongest links between words of each text: ``LinkRow``.

    ``texts`` are as for ``heads``, numbered from 0 on: in partitions within each, whose number is
    ``part``. With ``to``, a folder that workers share, every partition becomes a Parquet file there
    (``pip install 'attnviz[parquet]'``), and the table is of these files: ``file``, ``texts`` with
    links, and ``rows``.
    """
    model = load(model) if isinstance(model, str) else model
    does = Work(partial(_numbered, field=field), _second, links_job(n))
    folder = None if to is None else _made(Path(to))
    partitions = partitions_of(texts)
    if partitions is not None:
        parts = worked(model, partitions, does, partial(_given, folder=folder))
        rows: Iterable[Any] = chain.from_iterable(parts)
    else:
        found = chain.from_iterable(worked_here(model, texts, does))
        rows = found if folder is None else _written(found, folder)
    if folder is not None:
        return _frame(rows, ["file", "texts", "rows"])
    columns = [*LinkRow._fields] if partitions is None else ["part", *LinkRow._fields]
    return _frame(rows, columns)


def _texts(items: Iterable[Any], *, field: str) -> Iterator[str]:
    for item in items:
        found = item.get(field) if isinstance(item, dict) else item
        if not isinstance(found, str):
            raise InputError(f"there is no text in {quote(field)} of {quote(item)}; name the field")
        yield found


def _numbered(items: Iterable[Any], *, field: str) -> Iterator[tuple[int, str]]:
    return enumerate(_texts(items, field=field))


def _second(one: tuple[int, str]) -> str:
    return one[1]


def _sum(_number: int, found: Iterable[HeadSums]) -> HeadSums | None:
    """What a partition adds, if there is a text in it."""
    every = [*found]
    return add_up(every) if every else None


def _given(
    number: int, found: Iterable[list[LinkRow]], *, folder: Path | None
) -> list[tuple[Any, ...]]:
    """The rows of a partition, or that of the file they were written to."""
    rows = [*chain.from_iterable(found)]
    if folder is None:
        return [(number, *row) for row in rows]
    return [_part(rows, folder, number)]


def _written(rows: Iterator[LinkRow], folder: Path) -> Iterator[tuple[str, int, int]]:
    number = 0
    while some := [*islice(rows, PART)]:
        yield _part(some, folder, number)
        number += 1


def _part(rows: list[LinkRow], folder: Path, number: int) -> tuple[str, int, int]:
    """Write a Parquet file, which appears whole or not at all."""
    from attnviz.output import all_or_nothing

    name = f"part-{number:06}.parquet"
    with all_or_nothing([folder / name]) as [stream]:
        _frame(rows, LinkRow._fields).to_parquet(stream, index=False)
    return name, len({row.text for row in rows}), len(rows)


def _made(folder: Path) -> Path:
    """The folder, which is made if need be, and what Parquet needs."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise InputError(
            "Parquet needs pyarrow; install it with pip install 'attnviz[parquet]'"
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{quote(folder)} cannot be made: {error.strerror or error}") from None
    return folder.absolute()


def _frame(rows: Iterable[Any], columns: Iterable[str]) -> DataFrame:
    try:
        import pandas
    except ImportError:
        raise InputError("a table needs pandas; pip install pandas brings it") from None
    return pandas.DataFrame([*rows], columns=[*columns])
