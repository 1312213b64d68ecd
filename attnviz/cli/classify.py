"""``attnviz classify``: which label a text has, and which words decide it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

import typer

from attnviz.cli.forms import Forms, give
from attnviz.cli.many import peeked, prepared
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import FIELD, FILE, LINES, OFFLINE, SKIP_BAD, TRUNCATE, BadLines
from attnviz.cli.texts import is_one, read_bursts

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.shading import ShadedText
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.tasks.classify import Classified


class Found(NamedTuple):
    """What a text was found to be, the line it stood on, and the model that read it."""

    line: int | None
    what: Classified
    model: str


@taking(PictureOptions)
def classify(
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="A text, or - to read it from stdin."),
    ] = None,
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
    file: Annotated[list[str] | None, FILE] = None,
    field: Annotated[str, FIELD] = "text",
    skip_bad: Annotated[bool, SKIP_BAD] = False,
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
    bad = BadLines(skip=skip_bad)
    several = lines or not is_one(text or (), file or ())
    bursts = read_bursts(text or (), file or (), lines=lines, field=field, tell=bad.tell)

    def find() -> Iterator[Found]:
        from attnviz.model import load
        from attnviz.tasks import classify as task
        from attnviz.tasks.states import encode

        begun = peeked(bursts)
        classifier = task.load_classifier(model or task.DEFAULT_CLASSIFIER)
        encoder = load(classifier.model, offline=offline)
        read = partial(encode, encoder, truncate=truncate)
        for burst in begun:
            given = [*prepared(read, burst, bad)]
            found = task.classify(classifier, encoder, (one for _, one in given))
            for (source, _), each in zip(given, found, strict=True):
                yield Found(source.line, each, classifier.model)

    give(options, find, _forms(why, options), several=several, files=file or ())
    bad.finish()


def _forms(why: bool, options: PictureOptions) -> Forms[Found]:
    def terminal(found: Found, screen: Screen) -> Iterator[RenderableType]:
        return _printed(found.what, why, screen)

    def figure(found: Sequence[Found], style: Style) -> Figure:
        from attnviz.render.figure.shaded_text import shaded_texts

        return shaded_texts(_shaded(found, why), style)

    def page(found: Sequence[Found], stream: BinaryIO) -> None:
        from attnviz.render.page.shaded_page import write_shaded_page

        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        write_shaded_page(
            _shaded(found, True),
            stream,
            title=options.title or f"{_headline(found[0].what)}{more}",
            about=f"Vectors by {found[0].model}",
            palette=options.palette,
        )

    return Forms(
        document=_document,
        terminal=terminal,
        figure=figure,
        page=page,
        page_obeys=("palette",),
        line=lambda found: found.line,
    )


def _headline(found: Classified) -> str:
    return f"{found.label} {found.probability:.2f}"


def _decision(found: Classified) -> str:
    return f"the log-odds of {found.label} over {found.rival}"


def _shaded(all_found: Sequence[Found], why: bool) -> list[ShadedText]:
    """Each text by attention and, to tell why, by what its words add."""
    from attnviz.render.sentences import unknown_notes
    from attnviz.render.shading import ShadedText

    shaded = []
    for _, found, _ in all_found:
        title = f"{_headline(found)}: attention"
        notes = tuple(unknown_notes(found.words))
        shaded.append(ShadedText(found.text, found.words, found.attention, title, notes=notes))
        if why:
            title = f"added to {_decision(found)}"
            shaded.append(ShadedText(found.text, found.words, found.margins, title, signed=True))
    return shaded


def _printed(found: Classified, why: bool, screen: Screen) -> Iterator[RenderableType]:
    from attnviz.render import terminal
    from attnviz.render.sentences import unknown_notes
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
    yield terminal.notes_of(unknown_notes(found.words), screen)


def _document(shown: Found) -> dict[str, Any]:
    """The decision as JSON: exact, word by word."""
    line, found, _ = shown
    labels, decision = found.decision.labels, found.decision
    return {
        **({} if line is None else {"line": line}),
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
                **({"unknown": True} if word.unknown else {}),
            }
            for word, weight, margin in zip(
                found.words, found.attention, found.margins, strict=True
            )
        ],
    }
