"""Lines of text files as they come, and what is done with a line that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from attnviz.errors import InputError, quote

STDIN = "-"
AT_ONCE = 1 << 16  # bytes: about eight packs of attend_many
LONGEST = 1 << 26  # bytes of a line: more are no text, or have no end

Refuse = Callable[[InputError], None]
"""Told of each bad line, in a sentence; where it returns, reading goes on behind the line."""


class Text(NamedTuple):
    """A text, and the number from 1 of the line that it stood on, where lines were read."""

    text: str
    line: int | None = None


def named(name: str) -> str:
    """What a sentence calls a file of lines."""
    return "standard input" if name == STDIN else quote(name)


def refuse(error: InputError) -> None:
    """Stop at the first bad line."""
    raise error


def read_lines(name: str, tell: Refuse = refuse) -> Iterator[list[Text]]:
    r"""The lines of a file, or of standard input for ``-``, in bursts.

    A burst is what could be read without waiting, so that whoever writes line by line into a pipe
    is answered line by line. Lines end at ``\n`` or ``\r\n``. One that is not UTF-8 is named to
    ``tell``. InputError for a file that cannot be read.
    """
    with _open(name) as stream:
        first = 1
        for lines in _bursts(stream, name):
            yield [*_decoded(lines, first, name, tell)]
            first += len(lines)


def _open(name: str) -> AbstractContextManager[BinaryIO]:
    if name == STDIN:
        if sys.stdin is None:
            raise InputError("standard input is closed, so '-' has nothing to read")
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise InputError(f"{quote(name)} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{quote(name)} is no file name: {error}") from None


def _bursts(stream: BinaryIO, name: str) -> Iterator[list[bytes]]:
    """Whole lines, as many at a time as one call of the system gives."""
    begun: list[bytes] = []
    while part := _read(stream, name):
        head, end, rest = part.rpartition(b"\n")
        if end:
            yield b"".join(chain(begun, [head])).split(b"\n")
            begun = []
        begun.append(rest)
        if sum(map(len, begun)) > LONGEST:
            raise InputError(
                f"{named(name)} has a line of more than {LONGEST >> 20} MB; cut it into texts"
            )
    if last := b"".join(begun):
        yield [last]


def _read(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.read1(AT_ONCE)  # type: ignore[attr-defined,no-any-return]
    except OSError as error:
        raise InputError(f"{named(name)} cannot be read: {error.strerror or error}") from None


def _decoded(lines: list[bytes], first: int, name: str, tell: Refuse) -> Iterator[Text]:
    for number, line in enumerate(lines, first):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            at = f"line {number} of {named(name)} is not UTF-8 at byte {error.start}"
            tell(InputError(f"{at}; convert the file first, as with iconv"))
            continue
        yield Text(text.removesuffix("\r"), number)
