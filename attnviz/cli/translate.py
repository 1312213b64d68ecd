"""``attnviz translate``: a text in another language, and which word comes from which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give
from attnviz.cli.languages import language_codes
from attnviz.cli.many import peeked, prepared
from attnviz.cli.models import complete_name
from attnviz.cli.named_heads import one_head
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import FIELD, FILE, LINES, OFFLINE, SKIP_BAD, TRUNCATE, BadLines
from attnviz.cli.texts import Text, is_one, one_text, read_bursts
from attnviz.cli.values import whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen
    from attnviz.result import Head, Token
    from attnviz.tasks.translate import Translation


TOGETHER = 8  # texts that are written before the first of them is shown


@taking(PictureOptions)
def translate(
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="A sentence, or - to read it from stdin."),
    ] = None,
    *,
    target: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A translation to align; else the model writes one."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print translations alone, one on each line.")
    ] = False,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="L.H", help="Read the alignment in this cross-attention head."),
    ] = None,
    beams: Annotated[
        int | None,
        typer.Option(metavar="N", help="Write the best text of N at a time, not word by word."),
        whole(1),
    ] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many tokens are written at most; 64 by default."),
        whole(1),
    ] = None,
    source_lang: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="CODE",
            help="Language of the text, for models of many: fra_Latn.",
            autocompletion=language_codes,
        ),
    ] = None,
    target_lang: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="CODE",
            help="Language of the translation, for models of many: deu_Latn.",
            autocompletion=language_codes,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="A sequence-to-sequence model; English to French by default.",
            autocompletion=complete_name,
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
    """Translate a sentence, and show which word comes from which.

    From English to French, or as the model of -m translates. Words are aligned in one head of the
    cross attention, which is named.

    \b
    attnviz translate "The black cat sleeps in the kitchen."
    attnviz translate "I am hungry." --target "J'ai faim." -o hungry.png
    attnviz translate --lines --plain - < english.txt > french.txt
    """
    if target is not None and (beams or max_new_tokens):
        raise Misuse("--target is the whole translation, so nothing is written; give one of them")
    if plain and (options.json or options.output or options.open):
        raise Misuse("--plain prints translations and nothing else; it goes with no other output")
    several = lines or not is_one(text or (), file or ())
    if target is not None and several:
        raise Misuse("--target goes with one text and here are several; run them singly")
    one = one_head(head, "an alignment is read in")
    given: dict[str, Any] = {"beams": beams, "max_new_tokens": max_new_tokens}
    given |= {"source_lang": source_lang, "target_lang": target_lang}
    how = {name: value for name, value in given.items() if value is not None}
    bad = BadLines(skip=skip_bad)
    bursts = read_bursts(text or (), file or (), lines=lines, field=field, tell=bad.tell)
    aim = None if target is None else one_text(target)

    def find() -> Iterator[Translation]:
        from attnviz.model import load
        from attnviz.tasks.translate import DEFAULT_TRANSLATOR, require_translator

        begun = peeked(bursts)
        loaded = load(model or DEFAULT_TRANSLATOR, offline=offline)
        require_translator(loaded)
        read = loaded.read if aim is None else partial(loaded.encode, target=aim)
        read = partial(read, truncate=truncate, **how)
        return _translations(loaded, begun, lambda texts: [*prepared(read, texts, bad)], one)

    give(options, find, _forms(plain, options), several=several, files=file or ())
    bad.finish()


def _translations(
    model: Model,
    bursts: Iterator[list[Text]],
    prepare: Callable[[Iterable[Text]], list[tuple[Text, Input]]],
    head: Head | None,
) -> Iterator[Translation]:
    """Translations with the numbers of the lines that their texts stood on, a few at a time.

    Where the head is to be chosen, that is done over the first texts that are there.
    """
    from attnviz.tasks.translate import CHOSEN_OVER, known_head
    from attnviz.tasks.translate import translate as translations

    choice = known_head(model, head)
    for burst in bursts:
        left = iter(burst)
        while texts := [*islice(left, TOGETHER if choice else CHOSEN_OVER)]:
            given = prepare(texts)
            found = translations(model, [one for _, one in given], head=choice)
            for (text, _), each in zip(given, found, strict=True):
                choice = each.choice
                yield replace(each, result=replace(each.result, line=text.line))


def _forms(plain: bool, options: PictureOptions) -> Forms[Translation]:
    def terminal(found: Translation, screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render import terminal
        from attnviz.render.terminal.alignment import alignment

        yield terminal.paragraph_of(found.translation, screen)
        if not plain:
            yield "\n"
            yield alignment(found.aligned, screen)

    def ending(found: Translation, screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render import terminal

        if not plain:
            yield "\n"
            yield terminal.notes_of(_notes(found), screen)

    def figure(found: Sequence[Translation], style: Style) -> Figure:
        from attnviz.render.figure.alignment import alignments

        title = found[0].translation if len(found) == 1 else f"{len(found)} translations"
        return alignments(
            [each.aligned for each in found], style, title=title, notes=_notes(*found)
        )

    def page(found: Sequence[Translation], stream: BinaryIO) -> None:
        from attnviz.render.page import Opening, write_page

        opening = Opening(
            view="lines", map="cross", heads=str(found[0].choice.head), by="words", special="hide",
            palette=options.palette, scale=options.scale, vmin=options.vmin, vmax=options.vmax,
        )  # fmt: skip
        results = [each.result for each in found]
        where = _notes(*found)[:1]
        write_page(results, stream, title=options.title, opening=opening, notes=where)

    return Forms(
        document=_document,
        terminal=terminal,
        ending=ending,
        figure=figure,
        page=page,
        line=lambda found: found.result.line,
        apart=not plain,
    )


def _notes(first: Translation, *others: Translation) -> list[str]:
    """Where the alignments were read, and how, and which words the model does not know."""
    from attnviz.render.sentences import JOINED, alignment_note, unknown_notes

    aligned = [found.aligned for found in (first, *others)]
    words = [word for each in aligned for word in (*each.source, *each.target)]
    return [alignment_note(first.choice), JOINED, *unknown_notes(words)]


def _document(found: Translation) -> dict[str, Any]:
    """The translation as JSON: every word, and the weights between them."""
    choice, measured = found.choice, found.choice.measured
    line = found.result.line
    return {
        **({} if line is None else {"line": line}),
        "text": found.text,
        "translation": found.translation,
        "model": found.result.model.name,
        "head": {
            "head": str(choice.head),
            "why": choice.why,
            **({} if measured is None else measured._asdict() | {"head": str(choice.head)}),
        },
        "source": [_word(word) for word in found.aligned.source],
        "target": [_word(word) for word in found.aligned.target],
        "alignment": [
            {"target": link.query, "source": link.key, "weight": link.weight}
            for link in found.aligned.links
        ],
        "weights": found.weights.astype(float).tolist(),
    }


def _word(word: Token) -> dict[str, Any]:
    return {name: asdict(word)[name] for name in ("text", "start", "end")}
