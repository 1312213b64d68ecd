"""``attnviz compare``: two texts, or two models, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give
from attnviz.cli.models import complete_name
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import MODEL, OFFLINE
from attnviz.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.analysis.answers import MatrixView
    from attnviz.analysis.compare import Change, Comparison
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.result import AttentionResult, Head


MOST, PICTURES = 20, 4
"""How many changes a page lists, and of how many heads it has pictures."""


class Compared(NamedTuple):
    """Two results, what changes between them, and that in one head."""

    results: list[AttentionResult]
    found: Comparison
    matrix: MatrixView


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
        str | None, typer.Option(metavar="L.H", help="This head; else the one that changes most.")
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
        from attnviz.analysis.compare import compare as lay
        from attnviz.model import DEFAULT, load

        first = load(model or DEFAULT, offline=offline)
        second = first if against is None else load(against, offline=offline)
        results = [first.attend(text[0]), second.attend(text[-1])]
        found = lay(*results)
        return [Compared(results, found, found.matrix(_head(head)))]

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

        yield terminal.heat_map(shown.matrix, screen)
        yield "\nLinks that change most, first and second weight\n"
        for change in shown.found.changes():
            yield f"{_said(shown.found, change)}\n"

    def figure(all_shown: Sequence[Compared], style: Style) -> Figure:
        from attnviz.render.figure import heat_map

        [(results, _, matrix)] = all_shown
        names, texts = _named(results)
        return heat_map(matrix, style, title=f"{names}, {matrix.title}: {texts}")

    def page(all_shown: Sequence[Compared], stream: BinaryIO) -> None:
        from attnviz.render.page.plain_page import table, write_plain_page

        [shown] = all_shown
        names, texts = _named(shown.results)
        rows = [_cells(shown.found, change) for change in shown.found.changes(MOST)]
        columns = ("from", "to", "first", "second", "head")
        parts = _pictures(shown, options.style())
        parts.insert(1, table(columns, rows, heading="Links that change most"))
        write_plain_page(stream, parts, title=options.title or texts, about=names)

    return Forms(
        document=lambda shown: _document(shown.found), terminal=terminal, figure=figure, page=page
    )


def _named(results: Sequence[AttentionResult]) -> tuple[str, str]:
    """The models and the texts that are compared, each once."""
    names = dict.fromkeys(result.model.name for result in results)
    texts = dict.fromkeys(" / ".join(result.texts) for result in results)
    return " and ".join(names), " | ".join(texts)


def _pictures(shown: Compared, style: Style) -> list[str]:
    """Both maps and their difference, of the head shown, then of those that change most."""
    from attnviz.render.fast_import import import_figures

    import_figures()
    from attnviz.render.figure import heat_map
    from attnviz.render.figure.save import to_svg
    from attnviz.render.page.plain_page import Picture, pictures

    first, second = _told_apart(shown.results)
    captions = (f"first: {first}", f"second: {second}", "second minus first")
    changes = shown.found.changes(MOST)
    heads = dict.fromkeys([*shown.matrix.heads, *(one.pair.first for one in changes)])
    parts = []
    for head in list(heads)[:PICTURES]:
        matrices = shown.found.matrices(head)
        drawn = [
            Picture(to_svg(heat_map(matrix, _on_one_scale(style, matrices[:2]))), caption)
            for matrix, caption in zip(matrices, captions, strict=True)
        ]
        parts.append(pictures(drawn, heading=shown.found.pair(head).name))
    return parts


def _on_one_scale(style: Style, matrices: Sequence[MatrixView]) -> Style:
    """The style without a title, and where colours go up to the largest weight, to that of all."""
    if style.scale == "fit" and style.vmax is None:
        style = replace(style, vmax=max(float(one.weights.max()) for one in matrices))
    return replace(style, title=False)


def _told_apart(results: Sequence[AttentionResult]) -> tuple[str, str]:
    """What the first is and what the second: texts, or models of one text."""
    first, second = (" / ".join(result.texts) for result in results)
    if first != second:
        return first, second
    return results[0].model.name, results[1].model.name


def _cells(found: Comparison, change: Change) -> tuple[str, str, str, str, str]:
    """The words from and to, both weights, and the head or heads of one change."""
    from attnviz.render.safe import word_label

    pair = change.pair
    heads = f"{pair.first}" if pair.first == pair.second else f"{pair.first} and {pair.second}"
    query, key = (word_label(found.both[at]) for at in (change.query, change.key))
    return query, key, f"{change.before:.2f}", f"{change.after:.2f}", heads


def _said(found: Comparison, change: Change) -> str:
    """``it → hat 0.80 → 0.20 in 3.1``."""
    query, key, before, after, heads = _cells(found, change)
    return f"{query} → {key}  {before} → {after} in {heads}"


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
