"""The pictures of ``attnviz heads``: a measure of all heads as a figure or a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from attnviz.cli.deliver import require_suffix, suffix_of
from attnviz.cli.forms import FIGURES
from attnviz.cli.shown import tell_of
from attnviz.output import all_or_nothing, naming

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.analysis.labels import Label
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.result import Head, ModelInfo


Labels = dict["Head", tuple["Label", ...]]


class HeadsPicture(NamedTuple):
    """What is drawn: a measure of these heads, and what else is known of them."""

    found: HeadMeasures
    order: list[Head]
    labels: Labels
    name: str
    model: ModelInfo

    @property
    def about(self) -> str:
        """What the numbers are means of."""
        texts = "1 text" if self.found.n_texts == 1 else f"{self.found.n_texts:,} texts"
        return f"{self.found.kind} attention, {self.found.n_queries:,} words of {texts}"

    def figure(self) -> Figure:
        """The measure of every head."""
        from attnviz.render.figure.measures import measured_heads

        title = f"{self.model.name}, {titles()[self.name]}: {self.about}"
        return measured_heads(self.found, self.name, title=title)


def titles() -> dict[str, str]:
    """What each measure is, by its name."""
    from attnviz.analysis.measures import MEASURES
    from attnviz.analysis.repetition import TITLES
    from attnviz.model import idle

    return {name: one.title for name, one in MEASURES.items()} | idle.TITLES | TITLES


def checked_paths(output: Sequence[str]) -> list[Path]:
    """The files to write, each once; Misuse for one that cannot be."""
    paths = [Path(name) for name in dict.fromkeys(output)]
    for path in paths:
        require_suffix(path, (*FIGURES, ".html"), "is no picture")
    return paths


@contextmanager
def drawing(paths: Sequence[Path]) -> Iterator[Callable[[HeadsPicture], None]]:
    """Open all files before anything is computed; they appear when what draws into them has."""

    def draw(picture: HeadsPicture) -> None:
        if paths:
            from attnviz.render.fast_import import import_figures

            import_figures()
        for path, stream in zip(paths, streams, strict=True):
            with naming(path):
                _write(picture, suffix_of(path), stream)

    with all_or_nothing(paths) as streams:
        yield draw
    tell_of(paths)


def _write(picture: HeadsPicture, suffix: str, stream: BinaryIO) -> None:
    from attnviz.render.figure import save

    if suffix != ".html":
        save(picture.figure(), stream, FIGURES[suffix])
        return
    from attnviz.render.page.measures_page import write_measures_page

    drawn = BytesIO()
    save(picture.figure(), drawn, "svg")
    write_measures_page(
        picture.found,
        picture.order,
        stream,
        picture=drawn.getvalue(),
        titles=titles(),
        labels=picture.labels,
        title=f"{picture.model.name}: {titles()[picture.name]}",
        about=picture.about,
    )
