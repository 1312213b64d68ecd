"""Lines of text files as they come, and what is done with a line that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from attnviz.errors import InputError, quote

__all__ = ["Refuse", "decode", "open_lines", "refuse"]

STDIN = "-"

Refuse = Callable[[InputError], None]
"""Told of each bad line, in a sentence; where it returns, reading goes on behind the line."""


def refuse(error: InputError) -> None:
    """Stop at the first bad line."""
    raise error


def open_lines(name: str) -> AbstractContextManager[Iterable[bytes]]:
    """The lines of a file, or of standard input for ``-``, read one at a time."""
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


def decode(lines: Iterable[bytes], name: str, tell: Refuse = refuse) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, without their ends; one that is not UTF-8 is bad."""
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            at = f"line {number} of {quote(name)} is not UTF-8 at byte {error.start}"
            tell(InputError(f"{at}; convert the file first, as with iconv"))
            continue
        yield number, text.rstrip("\r\n")
