"""``attnviz run --top N``: the strongest links and nothing kept besides."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.cli.options import Options
from attnviz.cli.sinks import open_terminal
from attnviz.cli.texts import Text

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import Token

__all__ = ["print_strongest"]

RULE = "Between tokens of different words, neighbours included; special tokens do not count."


def print_strongest(
    model: Model, texts: Iterable[tuple[Text, Input]], n: int, options: Options
) -> None:
    """Print the n strongest links of each text, in memory that grows with the text alone."""
    if options.json:
        _print_json(model, texts, n, options)
        return
    from attnviz.analysis.answers import Longer
    from attnviz.render import terminal
    from attnviz.render.sentences import links_heading

    console, screen = open_terminal(options)
    for number, (text, given) in enumerate(texts):
        links = model.strongest(given, n, layers=options.layers(), heads=options.named_heads())
        n_layers, n_heads = model.info.n_layers or 0, model.info.n_heads or 0
        searched = n_heads * (n_layers if options.layers() is None else 1)
        heading = links_heading(searched, options.named_heads(), units="tokens")
        if number:
            console.print()
        n_tokens = len(given.tokens)
        longer = Longer.of(n_tokens, model.info.max_seq_length)
        shape = n_tokens, n_layers, n_heads
        console.print(terminal.title(model.info, *shape, screen, text.line, longer), end="")
        console.print("\n", end="")
        if links:
            tokens = given.tokens if options.tokens else _as_written(given.tokens)
            shown = terminal.links(links, tokens, tokens, screen, heading=heading)
            console.print(shown, end="")
            console.print("\n" + RULE)
        else:
            console.print("There are no two words to link.")


def _print_json(
    model: Model, texts: Iterable[tuple[Text, Input]], n: int, options: Options
) -> None:
    """One object a line: the model, the text and its links between tokens."""
    from attnviz.document import links_found
    from attnviz.document.labels import dumps

    for text, given in texts:
        links = model.strongest(given, n, layers=options.layers(), heads=options.named_heads())
        said = {
            **({} if text.line is None else {"line": text.line}),
            "model": model.info.described(),
            "texts": list(given.texts),
            "n_tokens": len(given.tokens),
            "links": links_found(links, given.tokens),
        }
        sys.stdout.buffer.write(dumps(said).encode() + b"\n")
        sys.stdout.buffer.flush()


def _as_written(tokens: Sequence[Token]) -> list[Token]:
    """Tokens that show the text, and not what the vocabulary calls it."""
    return [replace(token, spelling=None) for token in tokens]
