"""``attnviz run --top N``: the strongest links and nothing kept besides."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from attnviz.cli.long_texts import ShareTold
from attnviz.cli.options import Options
from attnviz.cli.progress import Progress
from attnviz.cli.sinks import open_terminal

if TYPE_CHECKING:
    from attnviz.analysis.labels import Label
    from attnviz.cli.many import Many
    from attnviz.cli.texts import Text
    from attnviz.corpus.packs import Job
    from attnviz.corpus.strongest import TextLinks
    from attnviz.model import Model
    from attnviz.model.long_texts import Tell
    from attnviz.result import Head


Show = Callable[["Model", "TextLinks"], None]


def print_strongest(many: Many, n: int, told: Progress) -> None:
    """Print the n strongest links of each text, in memory that grows with the text alone."""
    options = many.options
    show = _print_json(options.precision) if options.json else _printer(options)
    for found in many.each(strongest_of(many, n, ShareTold(told))):
        told.hide()
        show(many.model, found)
        told.say("attending")


def strongest_of(many: Many, n: int, tell: Tell | None = None) -> Job[Text, list[TextLinks]]:
    """What finds the n strongest links that options ask for."""
    from attnviz.corpus.strongest import Asked, strongest_job

    options = many.options
    heads = options.named_heads() or None
    asked = Asked(n, options.layers(), heads, _between_tokens(options))
    return strongest_job(asked, many.how, tell)


def _printer(options: Options) -> Show:
    """What prints a text's links as the other links are: with a heading, and what counts."""
    from attnviz.analysis.answers import Longer
    from attnviz.render import terminal
    from attnviz.render.numbers import counted
    from attnviz.render.sentences import links_heading, links_note, map_notes

    console, screen = open_terminal(options)
    between = "tokens" if options.tokens else "words"
    empty = True

    def show(model: Model, found: TextLinks) -> None:
        nonlocal empty
        n_layers, n_heads = model.info.n_layers or 0, model.info.n_heads or 0
        searched = n_heads * (n_layers if options.layers() is None else 1)
        n_tokens, links = found.n_tokens, found.links
        if not empty:
            console.print()
        empty = False
        longer = Longer.of(n_tokens, model.info.max_seq_length)
        shape = counted(n_tokens, "token"), n_layers, n_heads
        console.print(terminal.title(model.info, *shape, screen, found.line, longer), end="")
        console.print("\n", end="")
        heading = links_heading(searched, options.named_heads(), units=between)
        merged = len(found.units) < n_tokens
        notes = [
            links_note(found.excluded, len(links), found.behind),
            *map_notes(0.0, merged, found.units),
        ]
        if links:
            units = found.units
            labels = {} if len(options.named_heads()) == 1 else _labels(model)
            sides = units, units
            shown = terminal.links(
                links, *sides, screen, heading=heading, notes=notes, labels=labels
            )
            console.print(shown, end="")
        else:
            console.print("There are no two words to link.")

    return show


def _labels(model: Model) -> Mapping[Head, Sequence[Label]]:
    """What the heads were found to do: those of a model that has links are of its first stack."""
    from attnviz import findings

    return findings.labels(model)


def _between_tokens(options: Options) -> bool:
    """Whether links are between tokens: what is printed carries the unit that --by says, if any."""
    return options.tokens if options.by is None else options.by == "token"


def _print_json(precision: int | None) -> Show:
    """What prints one object a line: the model, the text and the links, as documents hold them."""
    from attnviz.document import links_found
    from attnviz.document.labels import dumps, rounded
    from attnviz.render.labels import labels_of_each

    def show(model: Model, found: TextLinks) -> None:
        links = links_found(found.links, found.units, found.runs, found.behind)
        said = {
            **({} if precision is None else {"precision": precision}),
            **({} if found.line is None else {"line": found.line}),
            "model": model.info.described(),
            "texts": list(found.texts),
            "n_tokens": found.n_tokens,
            "by": found.by,
            "excluded": list(found.excluded),
            "links": rounded(links, precision),
            "labels": labels_of_each((link.head for link in found.links), _labels(model)),
        }
        sys.stdout.buffer.write(dumps(said).encode() + b"\n")
        sys.stdout.buffer.flush()

    return show
