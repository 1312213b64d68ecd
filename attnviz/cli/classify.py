"""``attnviz classify``: which label a text has, and which words decide it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from attnviz.cli.forms import Forms, give, shaded_palette
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import LINES, OFFLINE, TRUNCATE
from attnviz.cli.texts import read_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.shading import ShadedText
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.tasks.classify import Classified

__all__ = ["classify"]


@taking(PictureOptions)
def classify(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT", help="A text, or - to read it from stdin.")
    ],
    *,
    why: Annotated[
        bool, typer.Option("--why", help="Show what each word adds to the decision.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", metavar="NAME", help="A folder that 'attnviz classify fit' made."
        ),
    ] = None,
    offline: Annotated[bool, OFFLINE] = False,
    lines: Annotated[bool, LINES] = False,
    truncate: Annotated[bool, TRUNCATE] = False,
    options: PictureOptions,
) -> None:
    """Say whether a text is positive or negative, and which words decide it.

    The words are shaded by attention; --why shows what each of them adds to the decision, which
    is exact. With -m, the labels are those of your own classifier.

    \b
    attnviz classify "A gorgeous, witty, seductive movie." --why
    attnviz classify --lines --json - < reviews.txt > labels.json
    attnviz classify fit mails.tsv -o mails && attnviz classify "You have won" -m mails
    """
    texts = [given.text for given in read_texts(text, lines=lines)]

    def find() -> Forms:
        from attnviz.model import load
        from attnviz.tasks import classify as task

        classifier = task.load_classifier(model or task.DEFAULT_CLASSIFIER)
        encoder = load(classifier.model, offline=offline)
        found = list(task.classify(classifier, encoder, texts, truncate=truncate))
        return _forms(found, why, classifier.model, options)

    give(options, find)


def _forms(found: Sequence[Classified], why: bool, model: str, options: PictureOptions) -> Forms:
    def terminal(screen: Screen) -> Iterator[RenderableType]:
        for number, each in enumerate(found):
            yield from ["\n"] if number else []
            yield from _printed(each, why, screen)

    def figure(style: Style) -> Figure:
        from attnviz.render.figure.shaded_text import shaded_texts

        return shaded_texts(_shaded(found, why), style)

    def page(stream: BinaryIO) -> None:
        from attnviz.render.page.shaded_page import write_shaded_page

        title = options.title or _headline(found[0]) + f" and {len(found) - 1} more" * (
            len(found) > 1
        )
        write_shaded_page(
            _shaded(found, True),
            stream,
            title=title,
            about=f"Vectors by {model}",
            palette=shaded_palette(options),
        )

    return Forms(
        documents=lambda: [_document(each) for each in found],
        terminal=terminal,
        figure=figure,
        page=page,
    )


def _headline(found: Classified) -> str:
    return f"{found.label} {found.probability:.2f}"


def _decision(found: Classified) -> str:
    return f"the log-odds of {found.label} over {found.rival}"


def _shaded(all_found: Sequence[Classified], why: bool) -> list[ShadedText]:
    """Each text by attention and, to tell why, by what its words add."""
    from attnviz.render.shading import ShadedText

    shaded = []
    for found in all_found:
        title = f"{_headline(found)}: attention"
        shaded.append(ShadedText(found.text, found.words, found.attention, title))
        if why:
            title = f"added to {_decision(found)}"
            shaded.append(ShadedText(found.text, found.words, found.margins, title, signed=True))
    return shaded


def _printed(found: Classified, why: bool, screen: Screen) -> Iterator[RenderableType]:
    from attnviz.render import terminal
    from attnviz.render.shading import ShadedText

    yield terminal.headline(found.label, f"{found.probability:.2f}", screen)
    if screen.colour is not terminal.Colour.NONE:
        yield "\n"
        yield terminal.shaded_text(ShadedText(found.text, found.words, found.attention), screen)
    if why or screen.colour is terminal.Colour.NONE:
        margins = found.margins if why else None
        yield "\n"
        yield terminal.word_weights(
            found.words, found.attention, margins, found.label, _decision(found), screen
        )


def _document(found: Classified) -> dict[str, Any]:
    """The decision as JSON: exact, word by word."""
    labels, decision = found.decision.labels, found.decision
    return {
        "text": found.text,
        "label": found.label,
        "probabilities": dict(zip(labels, map(float, decision.probabilities), strict=True)),
        "log_odds": {
            "of": found.label,
            "over": found.rival,
            "value": found.log_odds,
        },
        "words": [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "attention": float(weight),
                "adds": float(margin),
            }
            for word, weight, margin in zip(
                found.words, found.attention, found.margins, strict=True
            )
        ],
    }
