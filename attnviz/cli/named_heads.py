"""Heads as options name them, and the names that completion offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from attnviz.cli.failures import Misuse
from attnviz.errors import AttnvizError, InputError

if TYPE_CHECKING:
    from attnviz.result import Head


def read_heads(given: str | Sequence[str], option: str) -> tuple[Head, ...]:
    """The heads of an option that may be given again, or whose value is a list with commas."""
    from attnviz.result import Head

    try:
        return Head.several(given if isinstance(given, str) else ",".join(given))
    except InputError as error:
        raise Misuse(f"{option} {error}") from None


def one_head(given: Sequence[str] | None, of: str) -> Head | None:
    """The only head of an option that may be given again; ``of`` says what takes no more."""
    if not given:
        return None
    first, *others = read_heads(given, "--head")
    if others:
        raise Misuse(f"{of} one head and here are {len(others) + 1}; give one --head")
    return first


def head_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """The heads of the model on the command line that go on so; none where it cannot be read.

    Before a dot these are its layers.
    """
    from attnviz.catalogue import describe
    from attnviz.model import DEFAULT

    try:
        card = describe(ctx.params.get("model") or DEFAULT)
    except AttnvizError:
        return []
    before, comma, last = incomplete.rpartition(",")
    n_layers = max((stack.n_layers for stack in card.stacks), default=0)
    n_heads = max((stack.n_heads for stack in card.stacks), default=0)
    heads = (f"{layer}.{head}" for layer in range(n_layers) for head in range(n_heads))
    return [f"{before}{comma}{head}" for head in heads if head.startswith(last)]


def heads_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """``all``, or the heads of a list."""
    return [*(["all"] if "all".startswith(incomplete) else []), *head_names(ctx, incomplete)]
