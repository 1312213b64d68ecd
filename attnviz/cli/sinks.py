"""The places results go to; each takes them one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from attnviz.cli.options import Options
from attnviz.scene import Scene

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from attnviz.render.figure.save import Format
    from attnviz.render.terminal import Screen

__all__ = ["Data", "FigureFile", "Page", "Terminal", "open_terminal"]


class Data:
    """A document or table; several results are one JSON document a line."""

    def __init__(self, stream: BinaryIO, suffix: str, precision: int | None) -> None:
        self._stream = stream
        self._suffix = suffix
        self._precision = precision

    def add(self, scene: Scene) -> None:
        """Write the result as it is, by tokens and whole."""
        from attnviz.document import write_csv, write_json, write_npz

        if self._suffix == ".npz":
            write_npz(scene.result, self._stream)
        elif self._suffix == ".csv":
            write_csv(scene.result, self._stream, precision=self._precision)
        else:
            write_json(scene.result, self._stream, precision=self._precision)
            self._stream.flush()

    def finish(self) -> None:
        """Nothing is left to write."""


class FigureFile:
    """A picture: one matrix, the wall of all heads, or the answers of all results together."""

    def __init__(self, stream: BinaryIO, format: Format, options: Options) -> None:
        self._stream = stream
        self._format = format
        self._style = options.style()
        self._scenes: list[Scene] = []

    def add(self, scene: Scene) -> None:
        """Keep what the picture will show."""
        self._scenes.append(scene)

    def finish(self) -> None:
        """Draw."""
        from attnviz.render.swift import import_swiftly

        import_swiftly()
        from attnviz.show import draw

        drawn = draw(self._scenes, self._style)
        from attnviz.render.figure import save

        save(drawn, self._stream, self._format, dpi=self._style.dpi)


class Page:
    """A page with all results, which opens at what the options show of the first."""

    def __init__(self, stream: BinaryIO, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._scenes: list[Scene] = []

    def add(self, scene: Scene) -> None:
        """Keep a result for the page."""
        self._scenes.append(scene)

    def finish(self) -> None:
        """Write the page."""
        from attnviz.render.page import Opening, write_page

        options, first = self._options, self._scenes[0]
        opening = Opening(
            view="ask" if options.ask else "wall" if options.heads else "matrix",
            map=first.answers[0].kind if options.ask else first.kind,
            heads=_heads(first),
            word=options.ask[0] if options.ask else None,
            by="tokens" if options.tokens else "words",
            special="hide" if options.no_special else "show",
            palette=options.palette,
        )
        results = [scene.result for scene in self._scenes]
        write_page(results, self._stream, title=options.title, opening=opening)


def _heads(scene: Scene) -> str:
    """The heads a page opens at: the one that is shown or that answers, or those of a mean."""
    if scene.options.heads:
        return "*"
    if scene.options.ask:
        return str(next(iter(scene.answers[0].heads), "*"))
    if scene.panel.head is not None:
        return str(scene.panel.head)
    return "*" if scene.options.layer is None else f"{scene.options.layer}.*"


class Terminal:
    """Pictures in characters, one result after the other; of a continued text, the text too."""

    def __init__(self, options: Options, continued: bool) -> None:
        self._continued = continued
        self._console, self._screen = open_terminal(options.width)
        self._empty = True

    def add(self, scene: Scene) -> None:
        """Print what the options show of a result."""
        # Before anything is printed, because it may fail.
        parts = list(_parts(scene, self._screen, self._continued))
        if not self._empty:
            self._console.print()
        self._empty = False
        for part in parts:
            self._console.print(part, end="")

    def finish(self) -> None:
        """Everything is printed."""


def open_terminal(width: int | None) -> tuple[Console, Screen]:
    """The console that prints to stdout, and what it can show."""
    from rich.console import Console

    from attnviz.render.terminal import Screen

    class Out(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the program, which ends as one whose reader has gone."""
            raise

    console = Out(width=width, highlight=False, markup=False, emoji=False)
    return console, Screen.of(console, width)


def _parts(scene: Scene, screen: Screen, continued: bool) -> Iterator[RenderableType]:
    """The pictures of one result from top to bottom."""
    from attnviz.render import terminal

    model, map = scene.result.model, scene.map
    n_layers, n_heads = model.n_layers or len(map.layers), model.n_heads or len(map.heads)
    n_tokens = len(scene.result.tokens) + len(scene.result.target_tokens)
    yield terminal.title(model, n_tokens, n_layers, n_heads, screen)
    written = scene.result.texts if continued else scene.result.target_texts
    if any(text.strip() for text in written):
        yield "\n"
        yield terminal.wrote(" ".join(written), screen)
    if scene.options.ask:
        for answer in scene.answers:
            yield "\n"
            yield terminal.answer(answer, screen)
    elif scene.options.heads:
        yield "\n"
        yield terminal.wall(map, screen, hidden=scene.hidden, notes=scene.view.notes)
    else:
        yield "\n"
        yield terminal.heat_map(scene.panel, screen)
        if scene.links:
            yield "\n"
            yield terminal.links(scene.links, *scene.axes, screen)
