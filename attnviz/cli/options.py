"""The options of looking, which every command that shows attention takes: defined once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.values import Meaning, one_of, size, whole
from attnviz.errors import InputError

if TYPE_CHECKING:
    from attnviz.render.style import Style
    from attnviz.result import Head

__all__ = ["Options", "view_options"]

KINDS = ("encoder", "decoder", "cross")
WHEN = ("auto", "always", "never")


def _all() -> list[str]:
    return ["all"]


def _kinds() -> list[str]:
    return list(KINDS)


def _when() -> list[str]:
    return list(WHEN)


def _palettes() -> list[str]:
    from attnviz.render.style import PALETTES

    return list(PALETTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to look at, how, and where to put it."""

    head: Annotated[
        str | None, typer.Option(metavar="L.H", help="Show one head, as 3.1: layer 3, head 1.")
    ] = None
    layer: Annotated[
        int | None,
        typer.Option(metavar="L", help="Show one layer: the mean of its heads."),
        whole(0),
    ] = None
    mean: Annotated[bool, typer.Option("--mean", help="Show the mean of all heads.")] = False
    heads: Annotated[
        str | None,
        typer.Option(
            metavar="all",
            help="Show every head side by side; with --layer, those of the layer.",
            autocompletion=_all,
        ),
        one_of("all"),
    ] = None
    map: Annotated[
        str | None,
        typer.Option(
            metavar="MAP",
            help="Of a model with two sides: encoder, decoder or cross.",
            autocompletion=_kinds,
        ),
        one_of(*KINDS),
    ] = None
    tokens: Annotated[
        bool, typer.Option("--tokens", help="Show the model's tokens instead of words.")
    ] = False
    no_special: Annotated[
        bool,
        typer.Option("--no-special", help="Hide special tokens; say how much weight they got."),
    ] = False
    ask: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD", help="Show where WORD looks; it:2 is the second 'it'. Repeatable."
        ),
    ] = None
    json: Annotated[
        bool, typer.Option("--json", help="Print the document, and nothing else, on stdout.")
    ] = False
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a .png .svg .pdf .html .json .npz or .csv. Repeatable.",
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
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Title of a figure or page.")
    ] = None
    no_title: Annotated[bool, typer.Option("--no-title", help="Leave the title off a figure.")] = (
        False
    )
    numbers: Annotated[
        bool | None,
        typer.Option(
            "--numbers/--no-numbers", help="Write the weights into the cells of a figure, or not."
        ),
    ] = None
    font: Annotated[
        str | None, typer.Option(metavar="NAME", help="An installed font to use in a figure.")
    ] = None
    precision: Annotated[
        int | None,
        typer.Option(metavar="N", help="Decimals in .json and .csv; all by default."),
        whole(0),
    ] = None

    def __post_init__(self) -> None:
        given = {
            "--head": self.head is not None,
            "--layer": self.layer is not None,
            "--mean": self.mean,
            "--heads all": self.heads is not None and self.layer is None,
        }
        _at_most_one([name for name, chosen in given.items() if chosen])
        if self.heads and self.ask:
            raise Misuse("--heads all and --ask show different things; give one of them")
        if self.json and self.open and not self.output:
            raise Misuse("--json prints and --open shows a page; give one of them, or name a file")
        if self.title is not None and self.no_title:
            raise Misuse("--title and --no-title contradict each other; give one of them")

    def one_head(self) -> Head | None:
        """The head asked for, if one was."""
        from attnviz.result import Head

        try:
            return None if self.head is None else Head.parse(self.head)
        except InputError as error:
            raise Misuse(f"--head {error}") from None

    def layers(self) -> list[int] | None:
        """The layers that need computing; None for all."""
        head = self.one_head()
        if head is not None:
            return [head.layer]
        return None if self.layer is None else [self.layer]

    def documents(self) -> bool:
        """Whether a document is written, which names its model by the sum of its weights."""
        return self.json or any(name.endswith((".json", ".npz")) for name in self.output or ())

    def draws(self) -> bool:
        """Whether anything but text on the terminal is asked for, or a map in particular."""
        return bool(self.json or self.output or self.ask or self.heads or self.mean)

    def style(self) -> Style:
        """How a figure is to look; Misuse where that cannot be drawn."""
        from attnviz.render.style import Style

        given = {"size": self.size, "dpi": self.dpi, "palette": self.palette, "font": self.font}
        title = not self.no_title if self.title is None else self.title
        chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        try:
            return Style(title=title, numbers=self.numbers, **chosen)
        except InputError as error:
            raise Misuse(str(error)) from None


def _at_most_one(chosen: list[str]) -> None:
    if len(chosen) > 1:
        raise Misuse(f"{chosen[0]} and {chosen[1]} choose different things; give one of them")


def view_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all of Options as its own; it receives them as ``options``."""
    hints = get_type_hints(Options, include_extras=True)
    own = inspect.signature(command, eval_str=True).parameters
    declared = {name: (p.annotation, p.default) for name, p in own.items() if name != "options"}
    declared |= {field.name: (hints[field.name], field.default) for field in fields(Options)}
    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_typed(hint)
        )
        for name, (hint, default) in declared.items()
    ]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        meant = {name: _meant(name, declared[name][0], value) for name, value in given.items()}
        shared = {name: meant.pop(name) for name in hints}
        command(**meant, options=Options(**shared))

    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options


def _meaning(hint: Any) -> Meaning | None:
    return next((extra for extra in get_args(hint) if isinstance(extra, Meaning)), None)


def _typed(hint: Any) -> Any:
    """What typer is told: an option that means something else is text to it."""
    return Annotated[str | None, get_args(hint)[1]] if _meaning(hint) else hint


def _meant(name: str, hint: Any, value: Any) -> Any:
    meaning = _meaning(hint)
    return value if meaning is None else meaning.of("--" + name.replace("_", "-"), value)
