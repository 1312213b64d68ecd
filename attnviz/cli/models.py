"""``attnviz models``: which models there are, what each is, and fetching more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.program import Command, Program

if TYPE_CHECKING:
    from attnviz.catalogue import Card


def complete_name(incomplete: str) -> list[str]:
    """The names of models on this machine that begin so."""
    from attnviz.catalogue import names

    return [name for name in names() if name.startswith(incomplete) and name.isprintable()]


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A name, org/name, or a folder.", autocompletion=complete_name
    ),
]

models = typer.Typer(cls=Program)


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context) -> None:
    """List the models on this machine, or show or fetch one.

    \b
    attnviz models
    attnviz models show all-MiniLM-L6-v2
    attnviz models pull google-bert/bert-base-uncased
    """
    if context.invoked_subcommand is None:
        from attnviz.catalogue import available

        _print([(card.name, _summary(card)) for card in available()])


@models.command(cls=Command)
def show(name: Name) -> None:
    """Show what a model on this machine is and, if it cannot be run, why."""
    from attnviz.catalogue import describe

    _describe(describe(name))


@models.command(cls=Command)
def pull(name: Name) -> None:
    """Fetch a model from the Hugging Face Hub, or its newer version."""
    from attnviz.catalogue import fetch

    _describe(fetch(name))


def _describe(card: Card) -> None:
    _print([(label, value) for label, value in _facts(card) if value is not None])


def _facts(card: Card) -> Iterator[tuple[str, str | None]]:
    """What is known of a model, line by line."""
    yield "name", card.name
    yield "family", card.model_type
    for stack in card.stacks:
        side = f"{stack.kind} " if len(card.stacks) > 1 else ""
        yield f"{side}layers", str(stack.n_layers)
        yield f"{side}heads", f"{stack.n_heads} in each layer"
        yield f"{side}positions", str(stack.max_positions or "without a limit")
    if card.n_parameters is not None:
        yield "parameters", f"{card.n_parameters:,}"
    yield "stored as", card.storage
    yield "from", f"{card.kind}, {card.folder}"
    yield "revision", card.revision
    yield "runs", "yes" if card.problem is None else f"no: {card.problem}"


def _summary(card: Card) -> str:
    if card.problem is not None:
        return f"cannot be run: {card.problem}"
    shape = " and ".join(f"{stack.n_layers} × {stack.n_heads}" for stack in card.stacks)
    return f"{card.model_type}, {shape} heads, {card.kind}"


def _print(rows: Sequence[tuple[str, str]]) -> None:
    """Two columns of text from anywhere, made safe to show."""
    from attnviz.render.safe import visible

    width = max(len(visible(name)) for name, _ in rows)
    for name, value in rows:
        print(f"{visible(name):<{width}}  {visible(value)}")  # noqa: T201
