"""What commands that read texts share: their options, and bad lines, told and counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from attnviz.cli.models import complete_name
from attnviz.errors import AttnvizError, EmptyText, InputError, TooBig, TooLong, UnknownWord
from attnviz.stderr import say

FILE = typer.Option(
    "--file", "-f", metavar="FILE", help="Texts of a .txt .jsonl or .conllu. Repeatable."
)
FIELD = typer.Option("--field", metavar="NAME", help="Where a .jsonl has its texts.")
LINES = typer.Option("--lines", help="Take every line as a text.")
TRUNCATE = typer.Option("--truncate", help="Cut a text that is too long for the model.")
MODEL = typer.Option(
    "--model",
    "-m",
    metavar="NAME",
    envvar="ATTNVIZ_MODEL",
    help="An embedded model, a folder, or org/name on the Hub.",
    autocompletion=complete_name,
)
OFFLINE = typer.Option("--offline", help="Use only models that are on this machine.")
RESUME = typer.Option(
    "--resume",
    metavar="FILE",
    help="Add results of lines to a .json, behind those it has already.",
)
SKIP_BAD = typer.Option("--skip-bad", help="Bad lines are no failure.")
BAD = (EmptyText, TooLong, TooBig, UnknownWord)  # what is wrong with one text, not with all


class BadLines:
    """Tells each bad line on stderr and goes on; ends with a failure unless they may be skipped."""

    def __init__(self, *, skip: bool) -> None:
        self._skip, self._count = skip, 0

    def tell(self, error: InputError) -> None:
        """Say what is wrong with a line and count it."""
        from attnviz.render.safe import visible

        self._count += 1
        say(f"attnviz: {visible(str(error))}; skipped\n")

    @contextmanager
    def passed_over(self, line: int | None) -> Iterator[None]:
        """Tell what is wrong with the text of a line; one that stood on none is a failure."""
        try:
            yield
        except BAD as error:
            if line is None:
                raise
            self.tell(InputError(f"line {line}: {error}"))

    def refused(self, text: object, error: AttnvizError) -> None:
        """Tell what is wrong with a text that stood on a line; of another it is a failure."""
        with self.passed_over(getattr(text, "line", None)):
            raise error

    def finish(self) -> None:
        """Say how many bad lines there were; InputError if they may not be skipped."""
        lines = "1 line was" if self._count == 1 else f"{self._count} lines were"
        if self._count and not self._skip:
            raise InputError(f"{lines} skipped; correct the file, or give --skip-bad")
        if self._count:
            say(f"attnviz: {lines} skipped\n")
