"""``--dry-run``: what a command would take, said before anything is computed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from attnviz.corpus.packs import Job
    from attnviz.model import Model


T = TypeVar("T")

DRY_RUN = typer.Option("--dry-run", help="Say what it would take, and compute nothing.")


def print_estimate(
    model: Model,
    job: Job[T, Any],
    items: Iterable[T],
    text: Callable[[T], str],
    *,
    cluster: str | None,
    as_json: bool,
    besides: str = "",
) -> None:
    """Print the tokens, the time and the memory that a job would take, on a line or as JSON.

    ``besides`` is a sentence about what is not in them.
    """
    from attnviz.corpus.cluster import cores_at
    from attnviz.corpus.estimate import estimate

    found = estimate(model, job, items, text, cores_at(cluster))
    if as_json:
        print(json.dumps({"format": "attnviz-estimate/1", **found._asdict()}))  # noqa: T201
        return
    besides = besides and f"{besides} "
    memory = "" if found.memory is None else f", {found.memory / 1e6:,.0f} MB a process"
    cores = "1 core" if found.cores == 1 else f"{found.cores} cores"
    print(  # noqa: T201
        f"{found.texts:,} texts, {found.tokens:,} tokens (the longest {found.longest:,}): "
        f"about {_time(found.seconds)} on {cores}{memory}. {besides}Nothing was computed."
    )


def _time(seconds: float) -> str:
    """A time as people say it."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.1f} seconds"
