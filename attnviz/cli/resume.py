"""A file of results that grows: where a run that was killed stopped, another goes on."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attnviz.cli.deliver import Delivery
from attnviz.cli.formats import FORMATS, Sink
from attnviz.cli.options import Options
from attnviz.cli.progress import Tally, progress
from attnviz.cli.texts import Text
from attnviz.errors import InputError, quote
from attnviz.output import naming

__all__ = ["after", "open_resumed"]


@contextmanager
def open_resumed(path: Path, options: Options, files: Sequence[str]) -> Iterator[Delivery]:
    """Write results as whole lines behind those that a file has.

    A line that was not finished is cut off. Where nothing could be written, there is no new file.
    InputError where the file holds anything else than results of lines.
    """
    with naming(path):
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    try:
        with stream, progress() as told:
            last = _last(stream, path)
            sinks: list[tuple[Path | None, Sink]] = [(path, FORMATS[".json"].sink(stream, options))]
            yield Delivery(options, sinks, told, last, Tally(files))
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
