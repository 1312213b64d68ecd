"""``attnviz run --top N``: the strongest links and nothing kept besides."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from attnviz.cli.long_texts import share_told
from attnviz.cli.options import Options
from attnviz.cli.progress import Progress
from attnviz.cli.sinks import open_terminal
from attnviz.cli.texts import Text

if TYPE_CHECKING:
    from attnviz.analysis.streamed_links import StreamedLinks
    from attnviz.model import Model
    from attnviz.model.inputs import Input


Show = Callable[["Model", Text, "Input", "StreamedLinks"], None]


def print_strongest(
    model: Model,
    texts: Iterable[tuple[Text, Input]],
    n: int,
    options: Options,
    told: Progress,
) -> None:
    """Print the n strongest links of each text, in memory that grows with the text alone."""
    show = _print_json(options.precision) if options.json else _printer(options)
    for text, given in texts:
        found = model.find_strongest(
            given,
            n,
            layers=options.layers(),
            heads=options.named_heads() or None,
            tokens=_between_tokens(options),
            tell=share_told(told),
        )
        told.hide()
        show(model, text, given, found)


def _printer(options: Options) -> Show:
    """What prints a text's links as the other links are: with a heading, and what counts."""
    from attnviz.analysis.answers import Longer
    from attnviz.render import terminal
    from attnviz.render.sentences import links_heading, links_note, map_notes

    console, screen = open_terminal(options)
    between = "tokens" if options.tokens else "words"
    empty = True

    def show(model: Model, text: Text, given: Input, found: StreamedLinks) -> None:
        nonlocal empty
        n_layers, n_heads = model.info.n_layers or 0, model.info.n_heads or 0
        searched = n_heads * (n_layers if options.layers() is None else 1)
        n_tokens, links = len(given.tokens), found.links()
        if not empty:
            console.print()
        empty = False
        longer = Longer.of(n_tokens, model.info.max_seq_length)
        shape = n_tokens, n_layers, n_heads
        console.print(terminal.title(model.info, *shape, screen, text.line, longer), end="")
        console.print("\n", end="")
        heading = links_heading(searched, options.named_heads(), units=between)
        merged = len(found.units) < n_tokens
        notes = [links_note(found.excluded), *map_notes(0.0, merged, found.units)]
        if links:
            units = found.units
            shown = terminal.links(links, units, units, screen, heading=heading, notes=notes)
            console.print(shown, end="")
        else:
            console.print("There are no two words to link.")

    return show


def _between_tokens(options: Options) -> bool:
    """Whether links are between tokens: what is printed carries the unit that --by says, if any."""
    return options.tokens if options.by is None else options.by == "token"


def _print_json(precision: int | None) -> Show:
    """What prints one object a line: the model, the text and the links, as documents hold them."""
    from attnviz.document import links_found
    from attnviz.document.labels import dumps, rounded

    def show(model: Model, text: Text, given: Input, found: StreamedLinks) -> None:
        links = links_found(found.links(), found.units, found.runs)
        said = {
            **({} if precision is None else {"precision": precision}),
            **({} if text.line is None else {"line": text.line}),
            "model": model.info.described(),
            "texts": list(given.texts),
            "n_tokens": len(given.tokens),
            "by": found.by,
            "excluded": list(found.excluded),
            "links": rounded(links, precision),
        }
        sys.stdout.buffer.write(dumps(said).encode() + b"\n")
        sys.stdout.buffer.flush()

    return show
