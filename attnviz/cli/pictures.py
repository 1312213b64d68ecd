"""The options of everything that makes pictures, and how a command takes options of a class."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.values import Meaning, number, one_of, size, whole
from attnviz.errors import InputError

if TYPE_CHECKING:
    from attnviz.render.style import Colouring, Ground, Style


WHEN = ("auto", "always", "never")
GROUNDS = ("light", "dark")


def _when() -> list[str]:
    return list(WHEN)


def _palettes() -> list[str]:
    from attnviz.render.style import PALETTES

    return list(PALETTES)


def _scales() -> list[str]:
    from attnviz.render.style import SCALES

    return list(SCALES)


def _grounds() -> list[str]:
    return list(GROUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureOptions:
    """How a figure is to look."""

    size: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="WxH", help="Size of a figure in inches, as 3.3x3.0."),
        size(),
    ] = None
    dpi: Annotated[
        int | None,
        typer.Option(metavar="N", help="Dots an inch of a .png; 200 by default."),
        whole(1),
    ] = None
    palette: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Colours: ink, grey (for print), viridis, cividis or magma.",
            autocompletion=_palettes,
        ),
    ] = None
    scale: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Colours by the weight's square root (root), evenly (linear), or evenly up to "
            "the largest weight (fit); root by default.",
            autocompletion=_scales,
        ),
    ] = None
    vmin: Annotated[
        float | None,
        typer.Option(metavar="W", help="Weight of the first colour; 0 by default."),
        number(),
    ] = None
    vmax: Annotated[
        float | None,
        typer.Option(metavar="W", help="Weight of the last colour; 1 by default."),
        number(),
    ] = None
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Title of a figure or page.")
    ] = None
    no_title: Annotated[bool, typer.Option("--no-title", help="Leave the title off a figure.")] = (
        False
    )
    no_notes: Annotated[
        bool, typer.Option("--no-notes", help="Leave the sentences under a figure off.")
    ] = False
    font: Annotated[
        str | None, typer.Option(metavar="NAME", help="An installed font to use in a figure.")
    ] = None

    def __post_init__(self) -> None:
        if self.title is not None and self.no_title:
            raise Misuse("--title and --no-title contradict each other; give one of them")
        if self._given("palette", "scale", "vmin", "vmax"):
            self.colouring("light")  # which refuses what is none, whatever it is for

    def style(self) -> Style:
        """How a figure is to look; Misuse where that cannot be drawn."""
        from attnviz.render.style import Style

        title = not self.no_title if self.title is None else self.title
        chosen = self._given("size", "dpi", "font", "palette", "scale", "vmin", "vmax")
        try:
            return Style(title=title, notes=not self.no_notes, **chosen)
        except InputError as error:
            raise Misuse(str(error)) from None

    def colouring(self, ground: Ground) -> Colouring:
        """How weights become colours on a ground; Misuse where that is no colouring."""
        from attnviz.render.style import Colouring

        chosen = self._given("palette", "scale", "vmin", "vmax")
        try:
            return Colouring(**chosen, ground=ground)
        except InputError as error:
            raise Misuse(str(error)) from None

    def _given(self, *names: str) -> dict[str, Any]:
        """Those of these options that were given."""
        return {name: given for name in names if (given := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOptions(FigureOptions):
    """Where to put what is found, and how a picture of it is to look."""

    json: Annotated[
        bool, typer.Option("--json", help="Print the document, and nothing else, on stdout.")
    ] = False
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A .png .svg .pdf .html or .json to write. Repeatable.",
        ),
    ] = None
    open: Annotated[
        bool,
        typer.Option("--open", help="Open what is written; without -o, a page of the result."),
    ] = False
    color: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Colours in the terminal: auto, always (as for less -R) or never.",
            autocompletion=_when,
        ),
        one_of(*WHEN),
    ] = None
    width: Annotated[
        int | None,
        typer.Option(metavar="N", help="Columns of the picture in the terminal."),
        whole(24),
    ] = None
    background: Annotated[
        str | None,
        typer.Option(
            metavar="light|dark",
            help="Ground of the terminal, where COLORFGBG does not say it.",
            autocompletion=_grounds,
        ),
        one_of(*GROUNDS),
    ] = None

    def __post_init__(self) -> None:
        if self.json and self.open and not self.output:
            raise Misuse("--json prints and --open shows a page; give one of them, or name a file")
        FigureOptions.__post_init__(self)


def taking(shared: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command all options of a class as its own; it receives them as ``options``.

    Where the command has an option of the same name, it is the command's, and the class's is not
    there.
    """
    hints = get_type_hints(shared, include_extras=True)
    declared_by = [inspect.get_annotations(owner) for owner in shared.__mro__]
    by_name = {field.name: field for field in fields(shared)}
    named = dict.fromkeys(name for names in declared_by for name in names if name in by_name)
    ordered = [by_name[name] for name in named]  # its own options first, then those it inherits

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters
        declared = {name: (p.annotation, p.default) for name, p in own.items() if name != "options"}
        given_on = [field for field in ordered if field.name not in own]
        declared |= {field.name: (hints[field.name], field.default) for field in given_on}
        parameters = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_typed(hint)
            )
            for name, (hint, default) in declared.items()
        ]

        @functools.wraps(command)
        def with_options(**given: Any) -> None:
            meant = {name: _meant(name, declared[name][0], value) for name, value in given.items()}
            options = shared(**{field.name: meant.pop(field.name) for field in given_on})
            command(**meant, options=options)

        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {p.name: p.annotation for p in parameters}
        return with_options

    return decorate


def _meaning(hint: Any) -> Meaning | None:
    return next((extra for extra in get_args(hint) if isinstance(extra, Meaning)), None)


def _typed(hint: Any) -> Any:
    """What typer is told: an option that means something else is text to it."""
    return Annotated[str | None, get_args(hint)[1]] if _meaning(hint) else hint


def _meant(name: str, hint: Any, value: Any) -> Any:
    meaning = _meaning(hint)
    return value if meaning is None else meaning.of("--" + name.replace("_", "-"), value)
