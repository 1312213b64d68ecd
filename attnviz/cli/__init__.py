"""The command line: parse, call, write; every failure is one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from attnviz._version import __version__
from attnviz.cli.classify import classify
from attnviz.cli.classify_fit import fit
from attnviz.cli.explain import explain
from attnviz.cli.explain_positions import positions
from attnviz.cli.failures import exit_code
from attnviz.cli.heads import heads
from attnviz.cli.models import models
from attnviz.cli.probe import probe
from attnviz.cli.program import Command, Program
from attnviz.cli.render import render
from attnviz.cli.run import run
from attnviz.cli.summarize import summarize
from attnviz.cli.translate import translate

__all__ = ["main"]

app = typer.Typer(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    # Plain help: rich would take longer to import than everything else that help needs.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    # One BLAS thread: long inputs are shared over threads by blocks, and short ones gain nothing.
    for library in ("OPENBLAS", "MKL", "BLIS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    command = get_command(app)
    given = sys.argv[1:] if arguments is None else list(arguments)
    sys.exit(exit_code(lambda: command.main(given, prog_name="attnviz", standalone_mode=False)))


@app.callback(invoke_without_command=True)
def attnviz_(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """See what a transformer attends to, in the terminal, in figures, pages and JSON.

    Try: attnviz run "He took the hat and examined it carefully" --ask it
    """
    if version:
        print(f"attnviz {__version__}")  # noqa: T201
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())  # noqa: T201


for command in (run, render, explain, heads, probe, classify, summarize, translate):
    app.command(cls=Command)(command)
app.command("classify fit", cls=Command)(fit)
app.command("explain positions", cls=Command)(positions)
app.add_typer(models, name="models")
