"""The options of looking, which every command that shows attention takes: defined once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from attnviz.cli.failures import Misuse
from attnviz.errors import InputError

if TYPE_CHECKING:
    from attnviz.render.style import Style
    from attnviz.result import Head

__all__ = ["Options", "looking"]


class Which(str, Enum):
    """How many heads to show side by side."""

    ALL = "all"


class Kind(str, Enum):
    """Which attention of a model that has several."""

    ENCODER = "encoder"
    DECODER = "decoder"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to look at, how, and where to put it."""

    head: Annotated[
        str | None, typer.Option(metavar="L.H", help="Show one head, as 3.1: layer 3, head 1.")
    ] = None
    layer: Annotated[
        int | None, typer.Option(metavar="L", min=0, help="Show one layer: the mean of its heads.")
    ] = None
    mean: Annotated[bool, typer.Option("--mean", help="Show the mean of all heads.")] = False
    heads: Annotated[
        Which | None, typer.Option(metavar="all", help="Show every head side by side.")
    ] = None
    map: Annotated[
        Kind | None,
        typer.Option(metavar="MAP", help="Of a model with two sides: encoder, decoder or cross."),
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
            metavar="WORD", help="Show where WORD looks; it:2 is its second occurrence. Repeatable."
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
            help="Write .png .svg .pdf .html .json .npz or .csv. Repeatable.",
        ),
    ] = None
    width: Annotated[
        int | None, typer.Option(metavar="N", min=24, help="Columns of the terminal picture.")
    ] = None
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Size of a figure in inches, as 3.3x3.0.")
    ] = None
    dpi: Annotated[int, typer.Option(metavar="N", help="Dots an inch of a .png.")] = 200
    palette: Annotated[
        str | None, typer.Option(metavar="NAME", help="Colours of a figure or page; grey prints.")
    ] = None
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Title of a figure or page.")
    ] = None
    no_title: Annotated[
        bool, typer.Option("--no-title", help="Leave the title off a figure.")
    ] = False
    numbers: Annotated[
        bool | None, typer.Option(help="Write the weights into the cells of a figure, or not.")
    ] = None
    font: Annotated[
        str | None, typer.Option(metavar="NAME", help="An installed font to use in a figure.")
    ] = None
    precision: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Decimals in .json and .csv.")
    ] = None

    def __post_init__(self) -> None:
        chosen = [
            name
            for name, given in (
                ("--head", self.head is not None),
                ("--layer", self.layer is not None),
                ("--mean", self.mean),
            )
            if given
        ]
        if self.heads is not None and (self.mean or self.head is not None):
            chosen.append("--heads all")
        if len(chosen) > 1:
            raise Misuse(f"{chosen[0]} and {chosen[-1]} choose different things; give one of them")
        if self.title is not None and self.no_title:
            raise Misuse("--title and --no-title contradict each other; give one of them")

    @property
    def wall(self) -> bool:
        """Whether all heads are to be shown side by side."""
        return self.heads is not None

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

    def style(self) -> Style:
        """How a figure is to look; Misuse where that cannot be drawn."""
        from attnviz.render.style import Style

        given = {"palette": self.palette} if self.palette is not None else {}
        try:
            return Style(
                size=_size(self.size),
                dpi=self.dpi,
                title=not self.no_title if self.title is None else self.title,
                numbers=self.numbers,
                font=self.font,
                **given,
            )
        except InputError as error:
            raise Misuse(str(error)) from None


def _size(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    width, _, height = text.lower().replace("×", "x").partition("x")
    try:
        return float(width), float(height)
    except ValueError:
        raise Misuse(f"'{text}' is no size; write width x height in inches, as 3.3x3.0") from None


def looking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all of Options as its own; it receives them as ``options``."""
    signature = inspect.signature(command, eval_str=True)
    hints = get_type_hints(Options, include_extras=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "options"]
    shared = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in fields(Options)
    ]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        options = Options(**{parameter.name: given.pop(parameter.name) for parameter in shared})
        command(**given, options=options)

    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    with_options.__signature__ = signature.replace(parameters=[*parameters, *shared])  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in [*parameters, *shared]}
    return with_options
