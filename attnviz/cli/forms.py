"""What a command found, in every form it can take, and the files or the terminal it goes to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO

from attnviz.cli.deliver import paths_of, suffix_of
from attnviz.cli.failures import Misuse
from attnviz.cli.pictures import PictureOptions
from attnviz.cli.progress import progress
from attnviz.cli.shown import open_files, tell_of
from attnviz.errors import quote
from attnviz.output import all_or_nothing, leads_to_stdout, naming

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.figure.save import Format
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen

__all__ = ["FIGURES", "Forms", "give", "shaded_palette"]

FIGURES: dict[str, Format] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
SUFFIXES = (*FIGURES, ".html", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The forms of what was found; each is made only where it is wanted.

    ``documents`` are JSON objects, one a line; ``terminal`` gives what rich prints.
    """

    documents: Callable[[], Sequence[Mapping[str, Any]]]
    terminal: Callable[[Screen], Iterable[RenderableType]]
    figure: Callable[[Style], Figure]
    page: Callable[[BinaryIO], None]


def give(
    options: PictureOptions,
    find: Callable[[], Forms],
    *,
    refused: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Check all places, then find, then write; files appear when everything is written.

    ``refused`` says of suffixes why what is to be found cannot be written so.
    """
    paths = paths_of(options)
    for path in paths:
        _check(path, options)
        if (why := refused.get(suffix_of(path))) is not None:
            raise Misuse(why)
    style = options.style()
    with progress() as told, all_or_nothing(paths) as streams:
        told.say("reading")
        found = find()
        for path, stream in zip(paths, streams, strict=True):
            told.say(f"writing {path}")
            with naming(path):
                _write(found, suffix_of(path), stream, style)
        told.hide()
        if options.json:
            _write_documents(found, sys.stdout.buffer)
        elif not paths:
            _print(found, options)
    tell_of(paths)
    if options.open:
        open_files(paths)


def _check(path: Path, options: PictureOptions) -> None:
    """Refuse a file that cannot hold what it would be given."""
    if suffix_of(path) not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise Misuse(f"{quote(path, 200)} has no suffix that can be written; take one of {known}")
    if options.json and leads_to_stdout(path):
        raise Misuse(f"--json and -o {quote(path, 200)} both write to standard output; give one")


def _write(found: Forms, suffix: str, stream: BinaryIO, style: Style) -> None:
    if suffix == ".html":
        found.page(stream)
    elif suffix == ".json":
        _write_documents(found, stream)
    else:
        from attnviz.render.fast_import import import_figures

        import_figures()
        from attnviz.render.figure import save

        save(found.figure(style), stream, FIGURES[suffix], dpi=style.dpi)


def _write_documents(found: Forms, stream: BinaryIO) -> None:
    for document in found.documents():
        stream.write(json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n")
    stream.flush()


def _print(found: Forms, options: PictureOptions) -> None:
    from attnviz.cli.sinks import open_terminal

    console, screen = open_terminal(options)
    parts = list(found.terminal(screen))  # before anything is printed, because it may fail
    for part in parts:
        console.print(part, end="", crop=False)  # a sentence may be longer than a line


def shaded_palette(options: PictureOptions) -> str | None:
    """The palette of a shaded text's page, None for its own; Misuse for what such pages lack."""
    for name in ("scale", "vmin", "vmax"):
        if getattr(options, name) is not None:
            raise Misuse(
                f"--{name} is not for the page of a shaded text, whose darkest shade is its "
                "largest weight; leave it out, or write a figure"
            )
    options.style()  # which refuses what is no palette
    return options.palette
