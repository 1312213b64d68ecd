"""The command line: parse, call, write; every failure is one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from attnviz._version import __version__
from attnviz.cli.failures import exit_code
from attnviz.cli.program import Command, Program
from attnviz.render.safe import ESCAPING

COMMANDS: Mapping[str, str] = {
    "run": "run",
    "render": "render",
    "explain": "explain",
    "explain positions": "explain_positions",
    "heads": "heads",
    "probe": "probe",
    "cut": "cut",
    "compare": "compare",
    "classify": "classify",
    "classify fit": "classify_fit",
    "summarize": "summarize",
    "translate": "translate",
    "models": "models",
}
"""Every command, and the module whose function of its last word it is."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=ESCAPING)
    # One BLAS thread: long inputs are shared over threads by blocks, and short ones gain nothing.
    for library in ("OPENBLAS", "MKL", "BLIS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    given = sys.argv[1:] if arguments is None else list(arguments)
    command = get_command(program(*given[:1]))
    sys.exit(exit_code(lambda: command.main(given, prog_name="attnviz", standalone_mode=False)))


def program(word: str | None = None) -> typer.Typer:
    """The program with the commands that begin with a word, or with all where none does.

    To import and build all takes 0.03 s, a tenth of what a command takes.
    """
    app = typer.Typer(
        cls=Program,
        context_settings={"help_option_names": ["-h", "--help"]},
        # Plain help: rich would take longer to import than everything else that help needs.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(attnviz_)
    named = [name for name in COMMANDS if name.split()[0] == word]
    for name in named or COMMANDS:
        made = getattr(import_module(f"attnviz.cli.{COMMANDS[name]}"), name.split()[-1])
        if isinstance(made, typer.Typer):
            app.add_typer(made, name=name)
        else:
            app.command(name, cls=Command)(made)
    return app


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
