"""``--cluster``: where the packs of texts of a command are computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from attnviz.corpus.packs import Place
    from attnviz.model import Model


CLUSTER = typer.Option(
    "--cluster", metavar="ADDRESS", help="Dask workers: tcp://scheduler:8786, or local."
)


@contextmanager
def opened(address: str | None, model: Model) -> Iterator[Place]:
    """This process or, where an address is given, the cluster there."""
    if address is None:
        from attnviz.corpus.here import Here

        yield Here(model)
        return
    from attnviz.corpus.cluster import open_cluster

    with open_cluster(address, model) as cluster:
        yield cluster
