"""The formats of files, by their suffix: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

from attnviz.cli.options import Options

if TYPE_CHECKING:
    from attnviz.analysis.selection import Selection


class Sink(Protocol):
    """Something that takes results one by one and is told when there are no more."""

    def add(self, selection: Selection) -> None:
        """Take one more result."""

    def finish(self) -> None:
        """Write what could not be written before all results were there."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How results get into a file: ``sink`` gives what takes them, and imports what it needs.

    ``holds`` says what fits one file: one result, several, or several unless all heads of each are
    shown. ``drawn`` files obey the options of figures.
    """

    sink: Callable[[BinaryIO, Options], Sink]
    holds: Literal["one", "several", "several matrices"] = "several"
    drawn: bool = False


def _figure(suffix: Literal["png", "svg", "pdf"]) -> FileFormat:
    def sink(stream: BinaryIO, options: Options) -> Sink:
        from attnviz.cli.sinks import FigureFile

        return FigureFile(stream, suffix, options)

    return FileFormat(sink, "several matrices", drawn=True)


def _page(stream: BinaryIO, options: Options) -> Sink:
    from attnviz.cli.sinks import Page

    return Page(stream, options)


def _json(stream: BinaryIO, options: Options) -> Sink:
    from attnviz.cli.sinks import Data
    from attnviz.document import found, write_json

    def write(selection: Selection) -> None:
        shown, said = selection.document, found(selection)
        write_json(shown, stream, precision=options.precision, found=said)

    return Data(write, stream)


def _npz(stream: BinaryIO, _: Options) -> Sink:
    from attnviz.cli.sinks import Data
    from attnviz.document import found, write_npz

    return Data(lambda shown: write_npz(shown.document, stream, found=found(shown)), stream)


def _csv(stream: BinaryIO, options: Options) -> Sink:
    from attnviz.cli.sinks import Data
    from attnviz.document import write_csv

    return Data(
        lambda shown: write_csv(shown.document, stream, precision=options.precision), stream
    )


FORMATS: Mapping[str, FileFormat] = {
    ".png": _figure("png"),
    ".svg": _figure("svg"),
    ".pdf": _figure("pdf"),
    ".html": FileFormat(_page),
    ".json": FileFormat(_json),
    ".npz": FileFormat(_npz, "one"),
    ".csv": FileFormat(_csv, "one"),
}
"""Every format that ``-o`` takes, in the order in which it is told."""
