"""A file of results that grows: where a run that was killed stopped, another goes on."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from attnviz.cli.deliver import Delivery
from attnviz.cli.failures import Misuse
from attnviz.cli.formats import FORMATS, Sink
from attnviz.cli.options import Options
from attnviz.cli.pictures import PictureOptions
from attnviz.cli.places import place_of
from attnviz.cli.progress import Tally, progress
from attnviz.cli.signals import unbroken
from attnviz.cli.texts import Text
from attnviz.errors import InputError, quote
from attnviz.output import naming

if TYPE_CHECKING:
    from attnviz.cli.forms import Forms
    from attnviz.render.style import Style


T = TypeVar("T")


def require_lines(options: PictureOptions, *, n_sources: int, several: bool) -> None:
    """Refuse to resume what is not a file of results of the lines of one source."""
    if not several:
        raise Misuse("--resume goes on with many texts; give them with -f, or --lines")
    if n_sources > 1:  # each counts its lines from 1
        raise Misuse("--resume goes by the number of a line; give one file, and resume each alone")
    if options.json or options.output or options.open:
        raise Misuse("--resume says where results go; leave out --json, -o and --open")


@contextmanager
def open_resumed(path: Path, options: Options, files: Sequence[str]) -> Iterator[Delivery]:
    """Write results as whole lines behind those that a file has; see ``_behind``."""
    with _behind(path) as (stream, last), progress() as told:
        sinks: list[tuple[Path | None, Sink]] = [(path, FORMATS[".json"].sink(stream, options))]
        yield Delivery(options, sinks, told, last, Tally(files))


def give_resumed(
    path: Path,
    find: Callable[[Text | None], Iterable[T]],
    forms: Forms[T],
    files: Sequence[str],
    style: Style,
) -> None:
    """Write documents as whole lines behind those that a file has, of what is found behind them."""
    with _behind(path) as (stream, last), progress() as told:
        told.say("reading")
        tally = Tally(files)
        place = place_of(forms, ".json", stream, style)
        for found in find(last):
            with naming(path), unbroken():
                place.add(found)
            told.update(tally.add(0, forms.line(found)))


@contextmanager
def _behind(path: Path) -> Iterator[tuple[BinaryIO, Text | None]]:
    """A file to write behind the whole lines it has, and the text of the last.

    A line that was not finished is cut off. Where nothing could be written, there is no new file.
    InputError where the file holds anything else than results of lines.
    """
    with naming(path):
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    try:
        try:
            yield stream, _last(stream, path)
        finally:
            with naming(path):  # for what is still to be written may not fit on the disk
                stream.close()
    finally:
        if path.is_file() and not path.stat().st_size:
            path.unlink()


def _last(stream: BinaryIO, path: Path) -> Text | None:
    """The text of the last whole line, behind which writing goes on."""
    with naming(path):
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise InputError(f"{quote(path, 200)} is no regular file, so nothing can be resumed")
        last, end = None, 0
        for line in stream:
            if line.endswith(b"\n"):
                last, end = line, end + len(line)
        text = None if last is None else _text(last, path)
        stream.seek(end)
        stream.truncate()
    return text


def after(bursts: Iterator[list[Text]], last: Text) -> Iterator[list[Text]]:
    """The texts behind the last one that there is a result of."""
    for burst in bursts:
        for text in burst:
            if text.line == last.line and text.text != last.text:
                raise InputError(
                    f"line {last.line} is another text than the one whose result is the last in "
                    "the file to resume; give the texts it was made of, or another file"
                )
        rest = [text for text in burst if (text.line or 0) > (last.line or 0)]
        if rest:
            yield rest


def _text(line: bytes, path: Path) -> Text:
    try:
        document = json.loads(line)
        [text, *_] = document["texts"]
        return Text(str(text), int(document["line"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(
            f"{quote(path, 200)} ends with no result of a line, so nothing can be resumed; name "
            "a file that --resume wrote"
        ) from None
