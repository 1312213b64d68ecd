"""The options of looking, which every command that shows attention takes: defined once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, cast

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.named_heads import head_names, heads_names, read_heads
from attnviz.cli.pictures import PictureOptions, taking
from attnviz.cli.values import one_of, whole

if TYPE_CHECKING:
    from attnviz.render.style import Style
    from attnviz.result import Head, Weighting


KINDS = ("encoder", "decoder", "cross")
WEIGHTINGS = ("raw", "norm", "rollout", "flow")
UNITS = ("token", "word")


def kind_names() -> list[str]:
    """The maps there are, for completion."""
    return list(KINDS)


def weighting_names() -> list[str]:
    """What maps can hold, for completion."""
    return list(WEIGHTINGS)


def _units() -> list[str]:
    return list(UNITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(PictureOptions):
    """What to look at, how, and where to put it."""

    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L.H",
            help="Show one head, as 3.1: layer 3, head 1. Repeat it for several side by side.",
            autocompletion=head_names,
        ),
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
            metavar="all|L.H,...",
            help="Show the heads of a list, as 3.1,2.4, side by side; or all, as small maps (with "
            "--layer, those of the layer).",
            autocompletion=heads_names,
        ),
    ] = None
    map: Annotated[
        str | None,
        typer.Option(
            metavar="MAP",
            help="Of a model with two sides: encoder, decoder or cross.",
            autocompletion=kind_names,
        ),
        one_of(*KINDS),
    ] = None
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH",
            help="raw, norm (what each weight moves), or rollout or flow over all layers.",
            autocompletion=weighting_names,
        ),
        one_of(*WEIGHTINGS),
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
    who: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="Show who looks at WORD: --ask turned around."),
    ] = None
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a .png .svg .pdf .html .json .npz or .csv. Repeatable.",
        ),
    ] = None
    numbers: Annotated[
        bool | None,
        typer.Option(
            "--numbers/--no-numbers", help="Write the weights into the cells of a figure, or not."
        ),
    ] = None
    by: Annotated[
        str | None,
        typer.Option(
            metavar="UNIT",
            help="What .json, .npz and .csv carry: token (as the model reads) or word.",
            autocompletion=_units,
        ),
        one_of(*UNITS),
    ] = None
    precision: Annotated[
        int | None,
        typer.Option(metavar="N", help="Decimals in .json and .csv; all by default."),
        whole(0),
    ] = None

    def __post_init__(self) -> None:
        given = {
            "--head": bool(self.head),
            "--layer": self.layer is not None,
            "--mean": self.mean,
            "--heads": self.heads is not None and not self.every_head,
            "--heads all": self.every_head and self.layer is None,
        }
        _at_most_one([name for name, chosen in given.items() if chosen])
        if self.every_head and (self.ask or self.who):
            asked = "--ask" if self.ask else "--who"
            raise Misuse(f"--heads all and {asked} show different things; give one of them")
        PictureOptions.__post_init__(self)

    @property
    def every_head(self) -> bool:
        """Whether all heads are to be shown, as small maps."""
        return self.heads == "all"

    def named_heads(self) -> tuple[Head, ...]:
        """The heads asked for by name, in their order; none where none was."""
        listed = None if self.every_head else self.heads
        given, option = (self.head, "--head") if self.head else (listed, "--heads")
        return () if given is None else read_heads(given, option)

    def layers(self) -> list[int] | None:
        """The layers that need computing; None for all."""
        if heads := self.named_heads():
            return sorted({head.layer for head in heads})
        return None if self.layer is None else [self.layer]

    def weighting(self) -> Weighting:
        """What the maps are to hold."""
        return cast("Weighting", self.weights or "raw")

    def documents(self) -> bool:
        """Whether a document is written, which names its model by the sum of its weights."""
        return self.json or any(name.endswith((".json", ".npz")) for name in self.output or ())

    def shows_page(self) -> bool:
        """Whether a page is among what is written or opened."""
        written = any(name.endswith(".html") for name in self.output or ())
        return written or (self.open and not self.output)

    def draws(self) -> bool:
        """Whether a picture or a file is asked for, or a map in particular."""
        return bool(self.output or self.ask or self.who or self.every_head or self.mean)

    def style(self) -> Style:
        """How a figure is to look; Misuse where that cannot be drawn."""
        return replace(PictureOptions.style(self), numbers=self.numbers)


def _at_most_one(chosen: list[str]) -> None:
    if len(chosen) > 1:
        raise Misuse(f"{chosen[0]} and {chosen[1]} choose different things; give one of them")


def view_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all of Options as its own; it receives them as ``options``."""
    return taking(Options)(command)
