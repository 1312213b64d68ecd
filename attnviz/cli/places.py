"""Where what a command finds is put, one by one: documents, the terminal, a figure or a page."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, BinaryIO, Generic, Protocol, TypeVar

from attnviz.cli.pictures import PictureOptions
from attnviz.memory import require

if TYPE_CHECKING:
    from attnviz.cli.forms import Forms
    from attnviz.render.figure.save import Format
    from attnviz.render.style import Style


FIGURES: dict[str, Format] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
AT_LEAST = 1 << 16  # bytes that one thing takes which is kept for a picture

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Place(Protocol[T_contra]):
    """Something that takes what is found one by one and is told when there is no more."""

    def add(self, found: T_contra) -> None:
        """Take one more."""

    def finish(self) -> None:
        """Write what could not be written before all was there."""


def place_of(forms: Forms[T], suffix: str, stream: BinaryIO, style: Style) -> Place[T]:
    """What a file of that suffix is written by."""
    return _Documents(forms, stream) if suffix == ".json" else _Kept(forms, suffix, stream, style)


def printed(forms: Forms[T], options: PictureOptions) -> Place[T]:
    """What standard output is written by: documents with --json, else the terminal."""
    return _Documents(forms, sys.stdout.buffer) if options.json else _Terminal(forms, options)


class _Documents(Generic[T]):
    """JSON, an object a line, so that whoever reads what is written can go on."""

    def __init__(self, forms: Forms[T], stream: BinaryIO) -> None:
        self._forms, self._stream = forms, stream

    def add(self, found: T) -> None:
        from attnviz.document.labels import quiet

        text = json.dumps(self._forms.document(found), ensure_ascii=False, allow_nan=False)
        self._stream.write(quiet(text).encode() + b"\n")
        self._stream.flush()

    def finish(self) -> None:
        """Everything is written."""


class _Terminal(Generic[T]):
    """One thing below the other, and the ending below the last."""

    def __init__(self, forms: Forms[T], options: PictureOptions) -> None:
        from attnviz.cli.sinks import open_terminal

        self._forms = forms
        self._console, self._screen = open_terminal(options)
        self._last: T | None = None

    def add(self, found: T) -> None:
        parts = [*self._forms.terminal(found, self._screen)]  # before any is printed: it may fail
        if self._last is not None and self._forms.apart:
            self._console.print()
        for part in parts:
            self._console.print(part, end="", crop=False)  # a sentence may be longer than a line
        self._last = found

    def finish(self) -> None:
        if self._last is not None:
            for part in self._forms.ending(self._last, self._screen):
                self._console.print(part, end="", crop=False)


class _Kept(Generic[T]):
    """A figure or a page, for which all things wait, as long as there is memory."""

    def __init__(self, forms: Forms[T], suffix: str, stream: BinaryIO, style: Style) -> None:
        self._forms, self._suffix, self._stream, self._style = forms, suffix, stream, style
        self._found: list[T] = []

    def add(self, found: T) -> None:
        self._found.append(found)
        n = len(self._found)
        what = f"a {'page' if self._suffix == '.html' else 'figure'} of {n} texts"
        require(n * AT_LEAST, what, "give fewer, or write --json, which keeps none")

    def finish(self) -> None:
        if self._suffix == ".html":
            self._forms.page(self._found, self._stream)
            return
        from attnviz.render.fast_import import import_figures

        import_figures()
        from attnviz.render.figure import save

        drawn = self._forms.figure(self._found, self._style)
        save(drawn, self._stream, FIGURES[self._suffix], dpi=self._style.dpi)
