"""What a command found, in every form it can take, and the files or the terminal it goes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar

from attnviz.cli.deliver import paths_of, prints_as_it_goes, require_suffix, suffix_of
from attnviz.cli.failures import Misuse
from attnviz.cli.pictures import PictureOptions
from attnviz.cli.places import FIGURES, Place, place_of, printed
from attnviz.cli.progress import Progress, Tally, progress
from attnviz.cli.shown import open_files, tell_of
from attnviz.cli.signals import unbroken
from attnviz.errors import EmptyText, quote
from attnviz.output import all_or_nothing, leads_to_stdout, naming

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen

__all__ = ["FIGURES", "Forms", "give"]

COLOURS = ("palette", "scale", "vmin", "vmax")
"""Options that say how weights become colours."""
SUFFIXES = (*FIGURES, ".html", ".json")

T = TypeVar("T")


def _no_line(_: Any) -> None:
    return None


def _nothing(_found: Any, _screen: Screen) -> Iterable[RenderableType]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms(Generic[T]):
    """The forms of each thing that is found; each is made only where it is wanted.

    ``document`` is a JSON object and ``terminal`` what rich prints, both one by one as things are
    found; ``ending`` is printed behind the last, of which it is told. A ``figure`` or ``page``
    shows all together, the page with as much of COLOURS as ``page_obeys``. ``line`` is the number
    of the line that a text stood on. ``apart`` has a blank line between two things on the terminal.
    """

    document: Callable[[T], Mapping[str, Any]]
    terminal: Callable[[T, Screen], Iterable[RenderableType]]
    figure: Callable[[Sequence[T], Style], Figure]
    page: Callable[[Sequence[T], BinaryIO], None]
    ending: Callable[[T, Screen], Iterable[RenderableType]] = _nothing
    line: Callable[[T], int | None] = _no_line
    apart: bool = True
    page_obeys: tuple[str, ...] = COLOURS


def give(
    options: PictureOptions,
    find: Callable[[], Iterable[T]],
    forms: Forms[T],
    *,
    several: bool = False,
    files: Sequence[str] = (),
    refused: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Check all places, then write each thing as it is found; files appear when all is written.

    ``refused`` says of suffixes why what is to be found cannot be written so. ``several`` texts
    are counted for who waits; ``files`` are those that they come from. EmptyText where nothing
    is found.
    """
    paths = paths_of(options)
    for path in paths:
        check_file(path, as_json=options.json)
        if (why := refused.get(suffix_of(path))) is not None:
            raise Misuse(why)
        if suffix_of(path) == ".html":
            _check_page(options, forms.page_obeys)
    style = options.style()
    with progress() as told, all_or_nothing(paths) as streams:
        told.say("reading")
        places: list[tuple[Path | None, Place[T]]] = [
            (path, place_of(forms, suffix_of(path), stream, style))
            for path, stream in zip(paths, streams, strict=True)
        ]
        if options.json or not paths:
            places.append((None, printed(forms, options)))
        tally = Tally(files) if several and not prints_as_it_goes(options) else None
        found = None
        for found in find():
            _add(found, places, told, tally)
            if tally is not None:
                told.update(tally.add(0, forms.line(found)))
        if found is None:
            raise EmptyText("no line is left to show; give at least one that is not bad")
        _finish(places, told)
    tell_of(paths)
    if options.open:
        open_files(paths)


def _add(
    found: T, places: Sequence[tuple[Path | None, Place[T]]], told: Progress, tally: Tally | None
) -> None:
    """Hand what was found to every place; a line that is begun is written whole."""
    for path, place in places:
        if tally is None and path is None:
            told.hide()
        with unbroken(), nullcontext() if path is None else naming(path):
            place.add(found)
    if tally is None:
        told.say("reading")


def _finish(places: Sequence[tuple[Path | None, Place[T]]], told: Progress) -> None:
    for path, place in places:
        told.say(f"writing {path}" if path else "")
        with nullcontext() if path is None else naming(path):
            place.finish()
    told.hide()


def check_file(path: Path, *, as_json: bool) -> None:
    """Refuse a file that cannot hold what it would be given."""
    require_suffix(path, SUFFIXES)
    if as_json and leads_to_stdout(path):
        raise Misuse(f"--json and -o {quote(path, 200)} both write to standard output; give one")


def _check_page(options: PictureOptions, obeyed: tuple[str, ...]) -> None:
    """Refuse what the page does not obey: many have colours of their own, from 0 to the largest."""
    for name in COLOURS:
        if getattr(options, name) is not None and name not in obeyed:
            raise Misuse(
                f"--{name} is not for this page, whose colours go up to its largest number; leave "
                "it out, or write a figure"
            )
