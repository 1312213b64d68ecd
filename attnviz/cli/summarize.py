"""``attnviz summarize``: the sentences of a document that say most of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give, shaded_palette
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import OFFLINE
from attnviz.cli.texts import read_file
from attnviz.cli.values import one_of, whole
from attnviz.errors import EmptyText, InputError, quote

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.shading import ShadedText
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.tasks.summarize import Summary

__all__ = ["summarize"]

METHODS = {
    "attention": "hierarchical attention",
    "lexrank": "LexRank",
    "lead": "the order of sentences",
}


@taking(PictureOptions)
def summarize(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="Plain text or Markdown, or - for stdin."),
    ],
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
    lines: Annotated[bool, typer.Option("--lines", help="Take every line as a document.")] = False,
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
    method = by or "attention"
    if method != "attention" and (model or words):
        raise Misuse(f"--model and --words go with attention, not with --by {method}")
    sources = _sources(file, lines)

    def find() -> Forms:
        return _forms(_summaries(sources, sentences or 3, method, model, offline), words, options)

    give(options, find)


def _sources(file: str, lines: bool) -> list[str]:
    """The documents of a file, all of it or each line."""
    data = read_file(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{quote(file, 200)} is not UTF-8 at byte {error.start}; "
            "convert it first, as with iconv"
        ) from None
    sources = [line for line in text.splitlines() if line.strip()] if lines else [text]
    if not text.strip():
        raise EmptyText(f"{quote(file, 200)} is empty; give a paragraph or more")
    return sources


def _summaries(
    sources: Sequence[str], n: int, method: Any, model: str | None, offline: bool
) -> list[Summary]:
    from attnviz.tasks.sentences import read_document
    from attnviz.tasks.summarize import summarize as summary_of

    if method != "attention":
        return [summary_of(read_document(source), n, by=method) for source in sources]
    from attnviz.model import load
    from attnviz.tasks.hierarchical import DEFAULT_SUMMARIZER, load_sentence_attention

    head = load_sentence_attention(model or DEFAULT_SUMMARIZER)
    encoder = load(head.model, offline=offline)
    return [
        summary_of(read_document(source), n, attention=head, model=encoder) for source in sources
    ]


def _forms(summaries: Sequence[Summary], words: bool, options: PictureOptions) -> Forms:
    first = summaries[0]

    def terminal(screen: Screen) -> Iterator[RenderableType]:
        for number, summary in enumerate(summaries):
            yield from ["\n"] if number else []
            yield from _printed(summary, words, screen)

    def figure(style: Style) -> Figure:
        from attnviz.render.figure.sentence_bars import sentence_bars

        if len(summaries) > 1:
            raise Misuse("a figure shows one document and these are several; write .html or .json")
        note = f"weights by {METHODS[first.method]}; they sum to 1 over the document"
        return sentence_bars(
            first.sentences, first.weights, first.chosen, style, title=_title(first), notes=[note]
        )

    def page(stream: BinaryIO) -> None:
        from attnviz.render.page.shaded_page import write_shaded_page

        shaded = [_shaded(summary, words) for summary in summaries]
        about = f"Sentences weighed by {METHODS[first.method]}"
        write_shaded_page(
            shaded,
            stream,
            title=options.title or _title(first),
            about=about,
            palette=shaded_palette(options),
        )

    return Forms(
        documents=lambda: [_document(summary) for summary in summaries],
        terminal=terminal,
        figure=figure,
        page=page,
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


def _document(summary: Summary) -> dict[str, Any]:
    """The summary as JSON: every sentence with its weight."""
    return {
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
