"""``attnviz render``: a document in, the same pictures out."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli.deliver import open_delivery
from attnviz.cli.options import Options, looking
from attnviz.cli.texts import read_file

__all__ = ["render"]


@looking
def render(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A .json or .npz document, or - for stdin.")
    ],
    *,
    options: Options,
) -> None:
    """Show the attention in FILE, a document that run --json or any other program wrote."""
    data = read_file(file)

    from attnviz.render.document import read

    results = read(data)
    with open_delivery(options, len(results)) as delivery:
        for result in results:
            delivery.add(result)
