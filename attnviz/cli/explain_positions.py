"""``attnviz explain positions``: how a model knows where tokens are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give
from attnviz.cli.models import complete_name
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import OFFLINE
from attnviz.cli.values import whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.analysis.explain.positions import Positions
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen


USUAL = 50


@taking(PictureOptions)
def positions(
    *,
    positions: Annotated[
        int | None,
        typer.Option("--positions", "-n", metavar="N", help="How many; 50 by default."),
        whole(1),
    ] = None,
    d_model: Annotated[
        int | None,
        typer.Option(metavar="N", help="Of sinusoids: numbers of a position; 128 by default."),
        whole(1),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="An embedded model, a folder, or org/name on the Hub; else sinusoids are shown.",
            autocompletion=complete_name,
        ),
    ] = None,
    offline: Annotated[bool, OFFLINE] = False,
    options: PictureOptions,
) -> None:
    """Show how positions are encoded: sinusoids, or whatever tells a model where tokens are.

    Of a model these are its sinusoids, learned positions, rotary angles, ALiBi, buckets of
    distance or relative embeddings, and beside them how alike two positions are.

    \b
    attnviz explain positions -n 50 --d-model 128 -o positions.png
    attnviz explain positions -m all-MiniLM-L6-v2 -n 512
    """
    if model is not None and d_model is not None:
        raise Misuse("--d-model goes with sinusoids and a model has its own size; leave it out")

    def find() -> list[Positions]:
        n = USUAL if positions is None else positions
        if model is None:
            from attnviz.analysis.explain.positions import sinusoidal

            return [sinusoidal(n, 128 if d_model is None else d_model)]
        from attnviz.model import load

        return [load(model, offline=offline).positions(n)]

    give(options, find, _forms(options))


def _forms(options: PictureOptions) -> Forms[Positions]:
    def document(found: Positions) -> dict[str, Any]:
        from attnviz.document.explained import explained_positions

        return explained_positions(found)

    def terminal(found: Positions, screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render.terminal.positions import position_tables

        yield position_tables(found, screen)

    def figure(found: Sequence[Positions], style: Style) -> Figure:
        from attnviz.render.figure.positions import position_figure

        return position_figure(found[0], style)

    def page(found: Sequence[Positions], stream: BinaryIO) -> None:
        from attnviz.render.page.position_page import write_position_page

        write_position_page(found[0], stream, title=options.title)

    return Forms(document=document, terminal=terminal, figure=figure, page=page, page_obeys=())
