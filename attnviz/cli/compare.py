"""``attnviz compare``: two texts, or two models, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give
from attnviz.cli.models import complete_name
from attnviz.cli.named_heads import head_names
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import MODEL, OFFLINE
from attnviz.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.compared import Compared
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.result import Head


@taking(PictureOptions)
def compare(
    text: Annotated[list[str], typer.Argument(metavar="TEXT [TEXT]", help="Two texts, or one.")],
    *,
    against: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="NAME",
            help="A second model, for one text.",
            autocompletion=complete_name,
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="L.H",
            help="This head; else the one that changes most.",
            autocompletion=head_names,
        ),
    ] = None,
    model: Annotated[str | None, MODEL] = None,
    offline: Annotated[bool, OFFLINE] = False,
    options: PictureOptions,
) -> None:
    """Show what changes from one text to another, or from one model to another.

    Words are aligned; of two models each head is compared with the one most like it.

    \b
    attnviz compare "They were hungry" "They were ripe" --head 3.1
    attnviz compare "He took the hat" --with org/name -o models.png
    """
    if len(text) != (2 if against is None else 1):
        raise Misuse("give two texts, or one text and a second model with --with NAME")

    def find() -> list[Compared]:
        from attnviz import comparing
        from attnviz.model import DEFAULT, load
        from attnviz.render.compared import Compared

        shown, first = _head(head), load(model or DEFAULT, offline=offline)
        if against is None:
            return [Compared(comparing.compare(first, *text, head=shown))]
        second = load(against, offline=offline)
        return [Compared(comparing.compare(first, text[0], against=second, head=shown))]

    give(options, find, _forms(options))


def _head(head: str | None) -> Head | None:
    from attnviz.result import Head

    try:
        return None if head is None else Head.parse(head)
    except InputError as error:
        raise Misuse(f"--head {error}") from None


def _forms(options: PictureOptions) -> Forms[Compared]:
    def terminal(shown: Compared, screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render import terminal

        yield terminal.heat_map(shown.found.matrix(), screen)
        yield "\nLinks that change most, first and second weight\n"
        for line in shown.lines():
            yield f"{line}\n"

    def figure(all_shown: Sequence[Compared], style: Style) -> Figure:
        [shown] = all_shown
        return shown.figure(style)

    def page(all_shown: Sequence[Compared], stream: BinaryIO) -> None:
        [shown] = all_shown
        shown.page(stream, options.style())

    return Forms(
        document=lambda shown: shown.document(), terminal=terminal, figure=figure, page=page
    )
