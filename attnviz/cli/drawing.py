"""Pictures of a table that a command prints: its ``-o``, opened before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from attnviz.cli.deliver import suffix_of
from attnviz.cli.forms import check_file
from attnviz.cli.pictures import FigureOptions
from attnviz.cli.shown import tell_of
from attnviz.output import all_or_nothing, naming

if TYPE_CHECKING:
    from attnviz.render.drawn import Found

OUTPUT = typer.Option(
    "--output",
    "-o",
    metavar="FILE",
    help="A .png .svg .pdf .html or .json to write. Repeatable.",
)


def documents(output: Sequence[str] | None, *, as_json: bool) -> bool:
    """Whether JSON is among what is written, which names its model by the sum of its weights."""
    return as_json or any(suffix_of(Path(name)) == ".json" for name in output or ())


@contextmanager
def drawing(
    output: Sequence[str] | None, options: FigureOptions, *, as_json: bool = False
) -> Iterator[Callable[[Found], None]]:
    """Open all files before anything is computed; they appear when what draws into them has.

    Misuse for a file that cannot be written so, and for a style that cannot be drawn.
    """
    paths = [Path(name) for name in dict.fromkeys(output or ())]
    for path in paths:
        check_file(path, as_json=as_json)
    style = options.style()

    def draw(found: Found) -> None:
        if not paths:
            return
        from attnviz.display import write_found

        for path, stream in zip(paths, streams, strict=True):
            with naming(path):
                write_found(found, stream, suffix_of(path), style)

    with all_or_nothing(paths) as streams:
        yield draw
    tell_of(paths)
