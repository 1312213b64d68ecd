"""Pictures of a table that a command prints: its ``-o``, opened before anything is computed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from attnviz.cli.deliver import suffix_of
from attnviz.cli.forms import FIGURES, check_file
from attnviz.cli.pictures import FigureOptions
from attnviz.cli.shown import tell_of
from attnviz.output import all_or_nothing, naming

if TYPE_CHECKING:
    from attnviz.render.drawn import Drawn
    from attnviz.render.style import Style

OUTPUT = typer.Option(
    "--output",
    "-o",
    metavar="FILE",
    help="A .png .svg .pdf .html or .json to write. Repeatable.",
)


@contextmanager
def drawing(
    output: Sequence[str] | None, options: FigureOptions, *, as_json: bool = False
) -> Iterator[Callable[[Drawn], None]]:
    """Open all files before anything is computed; they appear when what draws into them has.

    Misuse for a file that cannot be written so, and for a style that cannot be drawn.
    """
    paths = [Path(name) for name in dict.fromkeys(output or ())]
    for path in paths:
        check_file(path, as_json=as_json)
    style = options.style()

    def draw(found: Drawn) -> None:
        for path, stream in zip(paths, streams, strict=True):
            with naming(path):
                _write(found, suffix_of(path), stream, style)

    with all_or_nothing(paths) as streams:
        yield draw
    tell_of(paths)


def _write(found: Drawn, suffix: str, stream: BinaryIO, style: Style) -> None:
    if suffix == ".json":
        stream.write(json.dumps(found.document()).encode() + b"\n")
        return
    from attnviz.render.fast_import import import_figures

    import_figures()
    if suffix == ".html":
        found.page(stream, style)
        return
    from attnviz.render.figure import save

    save(found.figure(style), stream, FIGURES[suffix], dpi=style.dpi)
