"""``attnviz run``: text in, attention out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.deliver import open_delivery
from attnviz.cli.failures import Misuse
from attnviz.cli.options import Options, looking
from attnviz.cli.texts import one_text, read_texts

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.result import AttentionResult

__all__ = ["run"]


@looking
def run(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT", help="A text, or - to read it from stdin.")
    ],
    *,
    pair: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A second text that goes with the first.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", metavar="NAME", envvar="ATTNVIZ_MODEL", help="A name or a folder."
        ),
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Take every line as a text.")] = False,
    truncate: Annotated[
        bool, typer.Option("--truncate", help="Cut a text that is too long for the model.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use only models that are on this machine.")
    ] = False,
    options: Options,
) -> None:
    """Show what the words of a text attend to.

    Several texts give one result each. With --layer or --head, only that part is computed.

    \b
    attnviz run "He took the hat and examined it carefully" --ask it
    attnviz run "He took the hat and examined it carefully" --head 3.1 -o hat.png
    attnviz run --lines --json - < texts.txt > attention.json
    """
    texts = read_texts(text, lines=lines)
    if pair is not None and len(texts) > 1:
        raise Misuse(f"--pair goes with one text and there are {len(texts)}; run them one by one")
    second = None if pair is None else one_text(pair)
    with open_delivery(options, len(texts)) as delivery:
        from attnviz.model import DEFAULT, load

        loaded = load(model or DEFAULT, offline=offline)
        for result in _attend(loaded, texts, second, options, truncate):
            delivery.add(result)


def _attend(
    model: Model, texts: list[str], pair: str | None, options: Options, truncate: bool
) -> Iterator[AttentionResult]:
    """One result for each text, computed only as far as the options show."""
    layers = options.layers()
    if len(texts) == 1:
        yield model.attend(texts[0], pair=pair, layers=layers, truncate=truncate)
    else:
        yield from model.attend_many(texts, layers=layers, truncate=truncate)
