"""``attnviz render``: a document or arrays in, the same pictures out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.deliver import open_delivery
from attnviz.cli.failures import Misuse
from attnviz.cli.options import Options, view_options
from attnviz.cli.texts import read_file
from attnviz.cli.values import whole
from attnviz.errors import AttnvizWarning

if TYPE_CHECKING:
    from attnviz.document import Plain
    from attnviz.result import AttentionResult


SIDES = ("tokens", "target_tokens")


@view_options
def render(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A .json, .npz or .npy, or - for stdin."),
    ],
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TOKENS]...",
            help="What the rows of arrays alone are: tokens with spaces between, or a JSON list; "
            "then those of the target, if there is one.",
        ),
    ] = None,
    *,
    item: Annotated[
        int | None,
        typer.Option(metavar="N", help="Of arrays of several texts, which one; from 0."),
        whole(0),
    ] = None,
    options: Options,
) -> None:
    """Show the attention in a document, or in arrays that NumPy saved.

    FILE is what run --json or -o wrote, or any other program that has tokens and weights.

    \b
    attnviz render attention.json --ask it
    attnviz run "It rained" --json | attnviz render - --heads all -o heads.png
    attnviz render maps.npy --tokens "He took the hat"
    """
    file, texts = _in_order(file, named or ())
    data = read_file(file)

    from attnviz.analysis.paths import reweighted
    from attnviz.document import read, read_plain

    plain = read_plain(data)
    if plain is None and (texts or item is not None):
        given = "TOKENS" if texts else "--item"
        raise Misuse(f"{given} can only be given for arrays; a document says what its tokens are")
    results = read(data) if plain is None else [_of_arrays(plain, texts, item, file)]
    with open_delivery(options, several=len(results) > 1) as delivery:
        for result in results:
            delivery.add(reweighted(result, options.weighting()) if options.weights else result)


def _in_order(file: str, named: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The file first, though it may be typed behind the tokens, as a value of --tokens."""
    if len(named) > len(SIDES):
        raise Misuse("give a FILE, its TOKENS in one pair of quotes, and those of its target")
    if named and not Path(file).exists() and Path(named[-1]).is_file():
        return named[-1], (file, *named[:-1])
    return file, named


def _of_arrays(plain: Plain, named: Sequence[str], item: int | None, file: str) -> AttentionResult:
    """The result of arrays alone, whose tokens come from the file or stand behind it."""
    from attnviz.from_arrays import from_attentions

    labels: Mapping[str, Any] = {
        **plain.labels,
        **{side: _tokens(text) for side, text in zip(SIDES, named, strict=False)},
    }
    if not labels.keys() & {"tokens", "ids"}:
        warnings.warn(
            "nothing says what the tokens are, so they are numbered; give them as --tokens "
            '"He took the hat"',
            AttnvizWarning,
            stacklevel=2,
        )
    if "tokens" in labels and "offsets" in labels and "text" not in labels:
        labels = {name: label for name, label in labels.items() if name != "offsets"}
    name = "attention in an array" if file == "-" else Path(file).name
    return from_attentions(plain.attentions, item=item, model=name, **labels)


def _tokens(text: str) -> list[str]:
    """Tokens as a JSON list of strings, or with spaces between."""
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list) and all(isinstance(token, str) for token in listed):
            return listed
    return text.split()
