"""The places results go to; each takes them one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from attnviz.analysis.selection import Selection
from attnviz.cli.options import Options
from attnviz.cli.pictures import PictureOptions
from attnviz.memory import require

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from attnviz.render.figure.save import Format
    from attnviz.render.terminal import Screen


class Data:
    """A document or table, written result by result."""

    def __init__(self, write: Callable[[Selection], None], stream: BinaryIO) -> None:
        self._write = write
        self._stream = stream

    def add(self, selection: Selection) -> None:
        """Write the result, so that whoever reads what is written can go on."""
        self._write(selection)
        self._stream.flush()

    def finish(self) -> None:
        """Nothing is left to write."""


class Selections:
    """Results that wait until all are there, as long as there is memory for their maps."""

    def __init__(self, what: str) -> None:
        self._what, self._n_bytes = what, 0
        self.kept: list[Selection] = []

    def add(self, selection: Selection) -> None:
        """Keep one more; TooBig where that would be too much."""
        self._n_bytes += sum(map.weights.nbytes for map in selection.result.maps.values())
        require(
            self._n_bytes,
            f"{self._what} of {len(self.kept) + 1} texts",
            "give fewer, or write --json, which keeps none",
        )
        self.kept.append(selection)


class FigureFile:
    """A picture: one matrix, the grid of all heads, or the answers of all results together."""

    def __init__(self, stream: BinaryIO, format: Format, options: Options) -> None:
        self._stream = stream
        self._format = format
        self._style = options.style()
        self._selections = Selections("a figure")

    def add(self, selection: Selection) -> None:
        """Keep what the picture will show."""
        self._selections.add(selection)

    def finish(self) -> None:
        """Draw."""
        from attnviz.render.fast_import import import_figures

        import_figures()
        from attnviz.display import draw

        drawn = draw(self._selections.kept, self._style)
        from attnviz.render.figure import save

        save(drawn, self._stream, self._format, dpi=self._style.dpi)


class Page:
    """A page with all results, which opens at what the options show of the first."""

    def __init__(self, stream: BinaryIO, options: Options) -> None:
        self._stream = stream
        self._options = options
        self._selections = Selections("a page")

    def add(self, selection: Selection) -> None:
        """Keep a result for the page."""
        self._selections.add(selection)

    def finish(self) -> None:
        """Write the page."""
        from attnviz.display import page

        options = self._options
        names = ("title", "palette", "scale", "vmin", "vmax")
        page(
            self._selections.kept, self._stream, **{name: getattr(options, name) for name in names}
        )


class Terminal:
    """Pictures in characters, one result after the other; of a continued text, the text too."""

    def __init__(self, options: Options, continued: bool) -> None:
        self._continued = continued
        self._console, self._screen = open_terminal(options)
        self._empty = True

    def add(self, selection: Selection) -> None:
        """Print what the options show of a result."""
        # Before anything is printed, because it may fail.
        parts = list(_parts(selection, self._screen, self._continued))
        if not self._empty:
            self._console.print()
        self._empty = False
        for part in parts:
            self._console.print(part, end="")

    def finish(self) -> None:
        """Everything is printed."""


def open_terminal(options: PictureOptions) -> tuple[Console, Screen]:
    """The console that prints to stdout, and what it can show."""
    from rich.console import Console

    from attnviz.render.terminal import Screen, ground_of

    class Out(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the program, which ends as one whose reader has gone."""
            raise

    width = options.width
    console = Out(width=width, highlight=False, markup=False, emoji=False, **_colours(options))
    ground = ground_of(options.background or "", os.environ)
    return console, Screen.of(console, width, options.colouring(ground))


def _colours(options: PictureOptions) -> dict[str, Any]:
    """What a console is told of colours; nothing where it is to find out by itself."""
    if options.color == "never":
        return {"no_color": True}
    if options.color != "always":
        return {}
    many = os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return {
        "no_color": False,
        "force_terminal": True,
        "color_system": "truecolor" if many else "256",
        "_environ": {**os.environ, "TERM": "xterm-256color"},  # a dumb one has been overruled
    }


def _parts(selection: Selection, screen: Screen, continued: bool) -> Iterator[RenderableType]:
    """The pictures of one result from top to bottom."""
    from attnviz.render import terminal
    from attnviz.render.sentences import links_heading, size_of

    model, map = selection.result.model, selection.map
    line, longer = selection.result.line, selection.view.longer
    yield terminal.title(model, size_of(selection.result), *selection.shape, screen, line, longer)
    written = selection.result.texts if continued else selection.result.target_texts
    if any(text.strip() for text in written):
        yield "\n"
        yield terminal.generated(" ".join(written), screen)
    if selection.answers:
        for answer in selection.answers:
            yield "\n"
            yield terminal.answer(answer, screen)
    elif selection.options.every_head:
        yield "\n"
        yield terminal.head_grid(
            map,
            screen,
            hidden=selection.hidden,
            merged=selection.kind in selection.view.merged,
            sinks=selection.view.sinks,
            kind=selection.kind,
            labels=selection.labels,
            weighting=selection.result.weighting,
        )
    else:
        yield "\n"
        yield terminal.heat_maps(selection.matrices, screen)
        if selection.links:
            yield "\n"
            yield terminal.links(
                selection.links,
                *selection.axes,
                screen,
                heading=links_heading(
                    len(map.all_heads()),
                    selection.heads,
                    units="tokens" if selection.options.tokens else "words",
                    weighting=selection.result.weighting,
                ),
                weighting=selection.result.weighting,
                labels={} if len(selection.heads) == 1 else selection.labels,
                notes=_links_notes(selection),
            )
        if selection.claims:
            yield "\n"
            yield terminal.claims(selection.claims, screen)


def _links_notes(selection: Selection) -> list[str]:
    """How links are ranked, where what stands over them has not said it."""
    from attnviz.render.sentences import links_note

    n, behind = len(selection.links), selection.links_behind
    said = selection.matrices[0].choice is not None and not 0 < behind < n
    return [] if said else [links_note(selection.excluded, n, behind)]
