"""``attnviz summarize``: the sentences of a document that say most of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple, cast

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import FIGURES, Forms, give
from attnviz.cli.many import peeked, prepared
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import FIELD, FILE, LINES, OFFLINE, SKIP_BAD, BadLines
from attnviz.cli.texts import read_documents
from attnviz.cli.values import one_of, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.shading import ShadedText
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.tasks.summarize import Method, Summary


ONE = "a figure shows one document and these are several; write .html or .json"
METHODS = {
    "attention": "hierarchical attention",
    "lexrank": "LexRank",
    "lead": "the order of sentences",
}


class Found(NamedTuple):
    """A summary, and the line that its document stood on."""

    line: int | None
    what: Summary


@taking(PictureOptions)
def summarize(
    document: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Plain text or Markdown, or - for stdin."),
    ] = None,
    *,
    sentences: Annotated[
        int | None,
        typer.Option("--sentences", "-n", metavar="N", help="How many sentences; 3 by default."),
        whole(1),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="METHOD", help="attention, lexrank, or lead: the first ones."),
        one_of(*METHODS),
    ] = None,
    words: Annotated[
        bool,
        typer.Option("--words", help="Shade words instead of sentences, which claims nothing."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="A folder with another head."),
    ] = None,
    offline: Annotated[bool, OFFLINE] = False,
    lines: Annotated[bool, LINES] = False,
    file: Annotated[list[str] | None, FILE] = None,
    field: Annotated[str, FIELD] = "text",
    skip_bad: Annotated[bool, SKIP_BAD] = False,
    options: PictureOptions,
) -> None:
    """Choose the sentences that say most of a document.

    Attention from words to sentences to the document weighs them; it was fitted on abstracts of
    papers. Headings, code and tables of Markdown are left out.

    \b
    attnviz summarize paper.md -n 3
    attnviz summarize - -n 1 --json < abstract.txt
    attnviz summarize notes.md --by lexrank -o notes.html
    """
    method = cast("Method", by or "attention")
    if method != "attention" and (model or words):
        raise Misuse(f"--model and --words go with attention, not with --by {method}")
    several = lines or bool(file)
    bad = BadLines(skip=skip_bad)
    bursts = read_documents(document, file or (), lines=lines, field=field, tell=bad.tell)

    def find() -> Iterator[Found]:
        begun = chain.from_iterable(peeked(bursts))
        read = _reader(method, sentences or 3, model, offline)
        return (Found(text.line, summary) for text, summary in prepared(read, begun, bad))

    drawn = dict.fromkeys(FIGURES, ONE) if several else {}
    forms = _forms(words, options)
    give(options, find, forms, several=several, files=file or (), refused=drawn)
    bad.finish()


def _reader(method: Method, n: int, model: str | None, offline: bool) -> Callable[[str], Summary]:
    """What makes a summary of n sentences of a document."""
    from attnviz.tasks.sentences import read_document
    from attnviz.tasks.summarize import summarize as summary_of

    if method != "attention":
        return lambda source: summary_of(read_document(source), n, by=method)
    from attnviz.model import load
    from attnviz.tasks.hierarchical import DEFAULT_SUMMARIZER, load_sentence_attention

    head = load_sentence_attention(model or DEFAULT_SUMMARIZER)
    encoder = load(head.model, offline=offline)
    return lambda source: summary_of(read_document(source), n, attention=head, model=encoder)


def _forms(words: bool, options: PictureOptions) -> Forms[Found]:
    def terminal(found: Found, screen: Screen) -> Iterator[RenderableType]:
        return _printed(found.what, words, screen)

    def figure(found: Sequence[Found], style: Style) -> Figure:
        from attnviz.render.figure.sentence_bars import sentence_bars

        first = found[0].what
        note = f"weights by {METHODS[first.method]}; they sum to 1 over the document"
        return sentence_bars(
            first.sentences, first.weights, first.chosen, style, title=_title(first), notes=[note]
        )

    def page(found: Sequence[Found], stream: BinaryIO) -> None:
        from attnviz.render.page.shaded_page import write_shaded_page

        first, shaded = found[0].what, [_shaded(each.what, words) for each in found]
        about = f"Sentences weighed by {METHODS[first.method]}"
        write_shaded_page(
            shaded,
            stream,
            title=options.title or _title(first),
            about=about,
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


def _title(summary: Summary) -> str:
    n, chosen = len(summary.weights), len(summary.chosen)
    return f"{chosen} of {n} sentences" if n > 1 else "One sentence"


def _shaded(summary: Summary, words: bool) -> ShadedText:
    """The document by sentence, or by word: a word's share of its sentence's weight."""
    from attnviz.render.shading import ShadedText

    text = summary.document.text
    if words and summary.word_weights is not None:
        return ShadedText(text, summary.words, summary.word_weights, _title(summary))
    marked = frozenset(summary.chosen)
    return ShadedText(text, summary.sentences, summary.weights, _title(summary), marked)


def _printed(summary: Summary, words: bool, screen: Screen) -> Iterator[RenderableType]:
    from attnviz.render import terminal

    for index in summary.chosen:
        yield terminal.paragraph_of(summary.document.written(index), screen)
    if screen.colour is not terminal.Colour.NONE:
        yield "\n"
        yield terminal.shaded_text(_shaded(summary, words), screen)


def _document(found: Found) -> dict[str, Any]:
    """The summary as JSON: every sentence with its weight."""
    line, summary = found
    return {
        **({} if line is None else {"line": line}),
        "text": summary.document.text,
        "by": summary.method,
        "summary": [summary.document.written(index) for index in summary.chosen],
        "sentences": [
            {
                "text": sentence.text,
                "start": sentence.start,
                "end": sentence.end,
                "weight": float(weight),
                "chosen": index in summary.chosen,
            }
            for index, (sentence, weight) in enumerate(
                zip(summary.sentences, summary.weights, strict=True)
            )
        ],
    }
