"""``attnviz cut``: cut a link before the softmax, or silence a head, and see what changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.drawing import OUTPUT, drawing
from attnviz.cli.failures import Misuse
from attnviz.cli.named_heads import head_names
from attnviz.cli.pictures import FigureOptions, taking
from attnviz.cli.progress import progress
from attnviz.cli.reading import MODEL, OFFLINE, TRUNCATE
from attnviz.cli.tables import print_sentence, print_table
from attnviz.cli.texts import one_text
from attnviz.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.analysis.cuts import CutEffect, CutSearch
    from attnviz.model import Model
    from attnviz.render.cut_forms import Effect, Search
    from attnviz.result import Head


SHOWN = 5
"""How many of the words that move most are shown."""


@taking(FigureOptions)
def cut(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A text, or - for stdin.")],
    *,
    link: Annotated[
        str | None,
        typer.Option(metavar="LINK", help="What to cut, as it->hat; it:2 is the second."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="L.H",
            help="In this head; without --link it is silenced.",
            autocompletion=head_names,
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="L", help="In the heads of this layer.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="In all heads, as without these.")] = False,
    search: Annotated[
        bool, typer.Option("--search", help="Rank all heads, and all links, by what they change.")
    ] = False,
    model: Annotated[str | None, MODEL] = None,
    offline: Annotated[bool, OFFLINE] = False,
    truncate: Annotated[bool, TRUNCATE] = False,
    output: Annotated[list[str] | None, OUTPUT] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    options: FigureOptions,
) -> None:
    """Cut a link before the softmax and see what changes, beside links of equal weight.

    \b
    attnviz cut "He took the hat and examined it carefully" --link "it->hat" --head 3.1
    attnviz cut "He took the hat and examined it carefully" --head 5.7
    attnviz cut "He took the hat and examined it carefully" --link "it->hat" -o cut.png
    attnviz cut "He took the hat and examined it carefully" --search
    """
    if sum([head is not None, layer is not None, every]) > 1:
        raise Misuse("--head, --layer and --all choose different heads; give one of them")
    if search and (link or head or layer):
        raise Misuse("--search tries all heads and links, so it takes no --link and no heads")
    if not search and link is None and head is None and layer is None:
        raise Misuse('there is nothing to cut; give --link "it->hat", --head 3.1 or --search')
    given = one_text(text)
    from attnviz.cutting import cut as cut_link
    from attnviz.cutting import search_cuts
    from attnviz.display import document_of
    from attnviz.model import DEFAULT, load

    with drawing(output, options, as_json=as_json) as draw:
        with progress() as told:
            told.say(f"reading {model or DEFAULT}")
            loaded = load(model or DEFAULT, offline=offline)
            told.say("cutting")
            found = (
                search_cuts(loaded, given, truncate=truncate)
                if search
                else cut_link(
                    loaded, given, link, heads=_heads(loaded, head, layer), truncate=truncate
                )
            )
        if as_json:
            print(json.dumps(document_of(found)))  # noqa: T201
        elif not output:
            _print(found)
        draw(found)


def _heads(model: Model, head: str | None, layer: str | None) -> Sequence[Head] | None:
    """The heads that were named, None for all."""
    from attnviz.result import Head

    if head is not None:
        try:
            return [Head.parse(head)]
        except InputError as error:
            raise Misuse(f"--head {error}") from None
    if layer is None:
        return None
    if not (layer.isascii() and layer.isdigit() and len(layer) < 10):
        raise Misuse(f"--layer '{layer}' is not a whole number from 0")
    return [Head(int(layer), number) for number in range(model.info.n_heads or 0)]


def _print(found: CutEffect | CutSearch) -> None:
    from attnviz.analysis.cuts import CutEffect
    from attnviz.render.cut_forms import Effect, Search

    if isinstance(found, CutEffect):
        _print_effect(Effect(found))
    else:
        _print_search(Search(found))


def _print_effect(effect: Effect) -> None:
    from attnviz.render.cut_forms import MOVED
    from attnviz.render.cuts import CAUSE, cut_sentences

    for sentence in cut_sentences(effect.found):
        print_sentence(sentence)
    print(f"\n{MOVED}")  # noqa: T201
    print_table(effect.moved(SHOWN))
    print()  # noqa: T201
    print_sentence(CAUSE)


def _print_search(search: Search) -> None:
    from attnviz.render.cut_forms import HEADS, LINKS
    from attnviz.render.cuts import CAUSE

    print_sentence(HEADS)
    print_table(search.head_rows())
    print()  # noqa: T201
    print_sentence(LINKS)
    print_table(search.link_rows())
    print()  # noqa: T201
    print_sentence(CAUSE)
