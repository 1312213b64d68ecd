"""``attnviz cut``: cut a link before the softmax, or silence a head, and see what changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.progress import progress
from attnviz.cli.reading import MODEL, OFFLINE, TRUNCATE
from attnviz.cli.tables import print_sentence, print_table
from attnviz.cli.texts import one_text
from attnviz.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.analysis.cuts import CutEffect, Ranked
    from attnviz.model import Model
    from attnviz.result import Head


SHOWN = 5
"""How many of the words that move most are shown."""


def cut(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A text, or - for stdin.")],
    *,
    link: Annotated[
        str | None,
        typer.Option(metavar="LINK", help="What to cut, as it->hat; it:2 is the second."),
    ] = None,
    head: Annotated[
        str | None, typer.Option(metavar="L.H", help="In this head; without --link it is silenced.")
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Cut a link before the softmax and see what changes, beside links of equal weight.

    \b
    attnviz cut "He took the hat and examined it carefully" --link "it->hat" --head 3.1
    attnviz cut "He took the hat and examined it carefully" --head 5.7
    attnviz cut "He took the hat and examined it carefully" --search
    """
    if sum([head is not None, layer is not None, every]) > 1:
        raise Misuse("--head, --layer and --all choose different heads; give one of them")
    if search and (link or head or layer):
        raise Misuse("--search tries all heads and links, so it takes no --link and no heads")
    if not search and link is None and head is None and layer is None:
        raise Misuse('there is nothing to cut; give --link "it->hat", --head 3.1 or --search')
    given = one_text(text)
    from attnviz import cutting
    from attnviz.model import DEFAULT, load

    with progress() as told:
        told.say(f"reading {model or DEFAULT}")
        loaded = load(model or DEFAULT, offline=offline)
        told.say("cutting")
        if search:
            ranked = cutting.search_cuts(loaded, given, truncate=truncate)
        else:
            chosen = _heads(loaded, head, layer)
            found = cutting.cut(loaded, given, link, heads=chosen, truncate=truncate)
    if search:
        _print_search(loaded, given, *ranked, as_json=as_json, truncate=truncate)
    elif as_json:
        print(json.dumps(_document(found)))  # noqa: T201
    else:
        _print(found)


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


def _print(found: CutEffect) -> None:
    from attnviz.render.cuts import CAUSE, cut_sentences
    from attnviz.render.safe import word_label

    for sentence in cut_sentences(found):
        print_sentence(sentence)
    print("\nWords that move most")  # noqa: T201
    print_table([[word_label(one.word), f"{one.distance:.4f}"] for one in found.words[:SHOWN]])
    print()  # noqa: T201
    print_sentence(CAUSE)


def _document(found: CutEffect) -> dict[str, Any]:
    """A cut and its effects as data."""
    from attnviz.render.claims import claim_text
    from attnviz.render.cuts import cut_name, cut_sentences

    said = found.prediction
    return {
        "format": "attnviz-cut/1",
        "cut": cut_name(found.cut, found),
        "heads": [str(head) for head in found.cut.heads],
        "weight": found.weight,
        "effect": found.effect,
        "percentile": found.percentile,
        "percentiles": None if found.bounds is None else [one.share for one in found.bounds],
        "others": found.others.tolist(),
        "words": [
            {"word": one.word.text, "position": one.position, "distance": one.distance}
            for one in found.words
        ],
        "before": [claim_text(claim) for claim in found.before],
        "after": [claim_text(claim) for claim in found.after],
        "prediction": said and said._asdict(),
        "said": cut_sentences(found),
    }


def _print_search(
    model: Model,
    text: str,
    heads: list[Ranked],
    links: list[Ranked],
    *,
    as_json: bool,
    truncate: bool,
) -> None:
    from attnviz.analysis.words import merge_words
    from attnviz.render.cuts import CAUSE
    from attnviz.render.safe import word_label

    words = merge_words(model.attend(text, layers=[0], truncate=truncate)).tokens

    def named(one: Ranked) -> str:
        at = [position for position in (one.cut.query, one.cut.key) if position is not None]
        return " → ".join(word_label(words[position]) for position in at) or str(one.cut.heads[0])

    if as_json:
        found = {
            "heads": [{"head": named(one), "effect": one.effect} for one in heads],
            "links": [
                {"link": named(one), "weight": one.weight, "effect": one.effect} for one in links
            ],
        }
        print(json.dumps({"format": "attnviz-cuts/1", **found}))  # noqa: T201
        return
    print_sentence(
        "Heads, silenced: the mean over all words of how far final vectors move (1 − cosine)"
    )
    print_table([[named(one), f"{one.effect:.4f}"] for one in heads])
    print()  # noqa: T201
    print_sentence("Links, cut in all heads: how far the final vector of their word moves")
    rows = [[named(one), f"{one.weight:.2f}", f"{one.effect:.4f}"] for one in links]
    print_table([["link", "weight", "effect"], *rows])
    print()  # noqa: T201
    print_sentence(CAUSE)
