"""``attnviz compare``: two texts, or two models, word by word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import OFFLINE
from attnviz.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.analysis.compare import Change, Comparison
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.result import AttentionResult, Head

__all__ = ["compare"]


@taking(PictureOptions)
def compare(
    text: Annotated[list[str], typer.Argument(metavar="TEXT [TEXT]", help="Two texts, or one.")],
    *,
    against: Annotated[
        str | None, typer.Option("--with", metavar="NAME", help="A second model, for one text.")
    ] = None,
    head: Annotated[
        str | None, typer.Option(metavar="L.H", help="This head; else the one that changes most.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", envvar="ATTNVIZ_MODEL", help="A model."),
    ] = None,
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

    def find() -> Forms:
        from attnviz.analysis.compare import compare as lay
        from attnviz.model import DEFAULT, load

        first = load(model or DEFAULT, offline=offline)
        second = first if against is None else load(against, offline=offline)
        results = [first.attend(text[0]), second.attend(text[-1])]
        return _forms(results, lay(*results), _head(head), options)

    give(options, find)


def _head(head: str | None) -> Head | None:
    from attnviz.result import Head

    try:
        return None if head is None else Head.parse(head)
    except InputError as error:
        raise Misuse(f"--head {error}") from None


def _forms(
    results: list[AttentionResult], found: Comparison, head: Head | None, options: PictureOptions
) -> Forms:
    matrix = found.matrix(head)

    def terminal(screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render import terminal

        yield terminal.heat_map(matrix, screen)
        yield "\nLinks that change most, first and second weight\n"
        for change in found.changes():
            yield f"{_said(found, change)}\n"

    def figure(style: Style) -> Figure:
        from attnviz.render.figure import heat_map

        names = dict.fromkeys(result.model.name for result in results)
        texts = dict.fromkeys(" / ".join(result.texts) for result in results)
        title = f"{' and '.join(names)}, {matrix.title}: {' | '.join(texts)}"
        return heat_map(matrix, style, title=title)

    def page(stream: BinaryIO) -> None:
        from attnviz import findings
        from attnviz.render.page import write_page

        write_page(results, stream, title=options.title, findings=findings.of)

    return Forms(documents=lambda: [_document(found)], terminal=terminal, figure=figure, page=page)


def _said(found: Comparison, change: Change) -> str:
    """``it → hat 0.80 → 0.20 in 3.1``."""
    from attnviz.render.safe import label

    pair = change.pair
    heads = f"{pair.first}" if pair.first == pair.second else f"{pair.first} and {pair.second}"
    query, key = (
        label(found.words[at].text)
        if found.words[at].text.casefold() == found.others[at].text.casefold()
        else f"{label(found.words[at].text)}/{label(found.others[at].text)}"
        for at in (change.query, change.key)
    )
    return f"{query} → {key}  {change.before:.2f} → {change.after:.2f} in {heads}"


def _document(found: Comparison) -> dict[str, Any]:
    """What changes, as data."""
    return {
        "format": "attnviz-comparison/1",
        "words": [word.text for word in found.words],
        "others": [word.text for word in found.others],
        "heads": [[str(pair.first), str(pair.second)] for pair in found.pairs],
        "changes": [
            {
                "heads": [str(one.pair.first), str(one.pair.second)],
                "query": one.query,
                "key": one.key,
                "before": one.before,
                "after": one.after,
            }
            for one in found.changes(50)
        ],
    }
