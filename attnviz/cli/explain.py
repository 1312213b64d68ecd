"""``attnviz explain``: one attention weight from beginning to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import FIGURES, Forms, give
from attnviz.cli.many import peeked, prepared
from attnviz.cli.named_heads import head_names, one_head
from attnviz.cli.options import KINDS, kind_names
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.reading import (
    FIELD,
    FILE,
    LINES,
    MODEL,
    OFFLINE,
    RESUME,
    SKIP_BAD,
    TRUNCATE,
    BadLines,
)
from attnviz.cli.resume import after, give_resumed, require_lines
from attnviz.cli.texts import Text, is_one, one_text, read_bursts
from attnviz.cli.values import one_of, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.analysis.explain import Explanation
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen


ONE = "a page or figure shows one walk and here are several texts; give one text"


class Walk(NamedTuple):
    """A walk, and the text that it is through."""

    text: Text
    walk: Explanation


@taking(PictureOptions)
def explain(
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="A text, or - to read it from stdin.")
    ] = None,
    *,
    word: Annotated[
        str | None,
        typer.Option(
            metavar="WORD", help="Whose row; it:2 is the second 'it', and ##ing a piece of a word."
        ),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L.H",
            help="In which head, as 3.1: layer 3, head 1.",
            autocompletion=head_names,
        ),
    ] = None,
    map: Annotated[
        str | None,
        typer.Option(
            metavar="MAP",
            help="Of a model with two sides: encoder, decoder or cross.",
            autocompletion=kind_names,
        ),
        one_of(*KINDS),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(metavar="S", help="Scale scores otherwise: none, d_model (1/√) or a factor."),
    ] = None,
    no_positions: Annotated[
        bool, typer.Option("--no-positions", help="Run the model without positions.")
    ] = False,
    causal: Annotated[
        bool, typer.Option("--causal", help="Hide from the head what follows a token.")
    ] = False,
    matrices: Annotated[
        bool, typer.Option("--matrices", help="With --json, write the head's matrices too.")
    ] = False,
    pair: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A second text that goes with the first.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What a translator is to have written; else it writes."),
    ] = None,
    model: Annotated[str | None, MODEL] = None,
    offline: Annotated[bool, OFFLINE] = False,
    lines: Annotated[bool, LINES] = False,
    file: Annotated[list[str] | None, FILE] = None,
    field: Annotated[str, FIELD] = "text",
    skip_bad: Annotated[bool, SKIP_BAD] = False,
    resume: Annotated[str | None, RESUME] = None,
    truncate: Annotated[bool, TRUNCATE] = False,
    toy: Annotated[
        bool, typer.Option("--toy", help="Walk over small matrices drawn from a seed instead.")
    ] = False,
    d_model: Annotated[
        int | None, typer.Option(metavar="N", help="Of a toy: numbers of an embedding."), whole(1)
    ] = None,
    d_head: Annotated[
        int | None, typer.Option(metavar="N", help="Of a toy: numbers of a query."), whole(1)
    ] = None,
    heads: Annotated[
        int | None, typer.Option(metavar="N", help="Of a toy: how many heads."), whole(1)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of a toy: what it is drawn from."), whole(0)
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(metavar="HOW", help="Of a toy: how weights are drawn, xavier or randn."),
        one_of("xavier", "randn"),
    ] = None,
    tied: Annotated[bool, typer.Option("--tied", help="Of a toy: Q = K = V.")] = False,
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="FILE", help="Of a toy: embeddings, a row of numbers each."),
    ] = None,
    q: Annotated[
        str | None,
        typer.Option("--q", metavar="ROWS", help="Of a toy: queries, as '.1 .2; .3 .4'."),
    ] = None,
    k: Annotated[str | None, typer.Option("--k", metavar="ROWS", help="Of a toy: keys.")] = None,
    v: Annotated[str | None, typer.Option("--v", metavar="ROWS", help="Of a toy: values.")] = None,
    options: PictureOptions,
) -> None:
    """Show how one attention weight comes about, every number from the token to the new vector.

    \b
    attnviz explain "He took the hat and examined it carefully" --word it --head 3.1
    attnviz explain "He took the hat and examined it carefully" --scale none
    attnviz explain --toy "This is book" --d-model 5 --d-head 3
    """
    sizes = {"d_model": d_model, "d_head": d_head, "heads": heads, "seed": seed, "init": init}
    drawn = {**sizes, "tied": tied or None, "x": x, "q": q, "k": k, "v": v}
    if toy:
        from attnviz.cli.explain_toy import explain_toy

        _refuse(
            "a model", word=word, head=head or None, map=map, pair=pair, target=target, model=model
        )
        _refuse("a model", no_positions=no_positions or None, matrices=matrices or None)
        _refuse(
            "a model",
            resume=resume,
            lines=lines or None,
            file=file or None,
            skip_bad=skip_bad or None,
        )
        explain_toy(text or [], drawn, scale=scale, causal=causal, options=options)
        return
    _refuse("--toy", **drawn)
    bad = BadLines(skip=skip_bad)
    several = lines or not is_one(text or (), file or ())
    bursts = read_bursts(text or (), file or (), lines=lines, field=field, tell=bad.tell)
    row: dict[str, Any] = {"word": word, "head": one_head(head, "a walk goes through"), "map": map}
    knobs: dict[str, Any] = {"scale": scale, "positions": not no_positions, "causal": causal}
    beside: dict[str, Any] = {
        name: one_text(given) for name, given in (("pair", pair), ("target", target)) if given
    }

    if several and beside:
        name = next(iter(beside))
        raise Misuse(f"--{name} goes with one text and here are several; explain them singly")

    def find(last: Text | None = None) -> Iterator[Walk]:
        from attnviz.model import DEFAULT, load

        rest = bursts if last is None else after(bursts, last)
        begun = chain.from_iterable(peeked(rest))
        loaded = load(model or DEFAULT, offline=offline)
        read = partial(loaded.explain, truncate=truncate, **row, **knobs, **beside)
        return (Walk(text, walk) for text, walk in prepared(read, begun, bad))

    if resume is not None:
        require_lines(options, n_sources=len(file or ()) + len(text or ()), several=several)
        forms = _forms(matrices, options)
        give_resumed(Path(resume), find, forms, file or (), options.style())
        bad.finish()
        return
    refused = dict.fromkeys((*FIGURES, ".html"), ONE) if several else {}
    forms = _forms(matrices, options)
    give(options, find, forms, several=several, files=file or (), refused=refused)
    bad.finish()


def _forms(matrices: bool, options: PictureOptions) -> Forms[Walk]:
    def document(shown: Walk) -> dict[str, Any]:
        from attnviz.document.explained import explained

        found = explained(shown.walk, matrices=matrices)
        line, text = shown.text.line, shown.text.text
        return found if line is None else {"line": line, "texts": [text], **found}

    def terminal(shown: Walk, screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render.terminal.explained import explained

        yield explained(shown.walk, screen)

    def page(shown: Sequence[Walk], stream: BinaryIO) -> None:
        from attnviz.render.page.walk_page import write_walk_page

        write_walk_page(shown[0].walk, stream, title=options.title)

    def figure(shown: Sequence[Walk], style: Style) -> Figure:
        from attnviz.render.figure.walk import walk_figure

        return walk_figure(shown[0].walk, style)

    return Forms(
        document=document,
        terminal=terminal,
        figure=figure,
        page=page,
        page_obeys=(),
        line=lambda shown: shown.text.line,
    )


def _refuse(owner: str, **given: object) -> None:
    """Refuse options that belong to the other kind of walk."""
    for name, value in given.items():
        if value is not None:
            option = "--" + name.replace("_", "-")
            raise Misuse(f"{option} goes with {owner}, which this is not; leave it out")
