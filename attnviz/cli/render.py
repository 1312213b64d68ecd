"""``attnviz render``: a document in, the same pictures out."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli.deliver import open_delivery
from attnviz.cli.options import Options, view_options
from attnviz.cli.texts import read_file

__all__ = ["render"]


@view_options
def render(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A .json or .npz document, or - for stdin.")
    ],
    *,
    options: Options,
) -> None:
    """Show the attention in a document.

    FILE is what run --json or -o wrote, or any other program that has tokens and weights.

    \b
    attnviz render attention.json --ask it
    attnviz run "It rained" --json | attnviz render - --heads all -o heads.png
    """
    data = read_file(file)

    from attnviz.analysis.paths import reweighted
    from attnviz.document import read

    results = read(data)
    with open_delivery(options, several=len(results) > 1) as delivery:
        for result in results:
            delivery.add(reweighted(result, options.weighting()) if options.weights else result)
