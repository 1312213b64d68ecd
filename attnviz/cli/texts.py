"""What the user gives to read: texts, lines, standard input, files; UTF-8 or refused."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from attnviz.cli.failures import Misuse
from attnviz.corpus.lines import STDIN, Refuse, Text, read_lines
from attnviz.errors import AttnvizWarning, EmptyText, InputError, quote
from attnviz.memory import require

__all__ = ["Text", "one_text", "read_bursts", "read_documents", "read_file", "read_text"]

LINE_END = re.compile("\r?\n")
PART = 1 << 26  # bytes read at once
LARGEST = 4 * 10**9  # bytes
NO_LINE = "there is no line with text in the input; give at least one"
ReadWhole = Callable[[str], str]
"""Reads a file as one text."""
READ_TAKES = 2  # how often what is read is in memory before anything is made of it


def read_bursts(
    given: Sequence[str],
    files: Sequence[str],
    *,
    lines: bool,
    field: str,
    tell: Refuse,
    whole: Mapping[str, ReadWhole] = MappingProxyType({}),
) -> Iterator[list[Text]]:
    """The texts to run, then those of files, as many at a time as are there without waiting.

    Without any, standard input is read unless it is a terminal. Lines are read as they are asked
    for, however many there are; blank ones are no texts, but they count, and a bad one is named to
    ``tell``. ``whole`` says how a file with a certain suffix is read as one text. EmptyText where
    there is no text at all.
    """
    checked = _checked(given, files)
    _hint_at_quotes(checked)
    return _some(chain(_bursts(checked, lines, tell), _of_files(files, field, tell, whole)))


def is_one(given: Sequence[str], files: Sequence[str], whole: Container[str] = ()) -> bool:
    """Whether these are one text: one that is given, or one file that is read as a whole."""
    return len(given) + len(files) < 2 and all(Path(name).suffix.lower() in whole for name in files)


def read_documents(
    name: str | None, files: Sequence[str], *, lines: bool, field: str, tell: Refuse
) -> Iterator[list[Text]]:
    """A file as one text or, with ``lines``, as many; then the texts of files, as ``read_bursts``.

    Without any, standard input is read unless it is a terminal.
    """
    given = _checked([] if name is None else [name], files)
    return _some(chain(_documents(given, lines, tell), _of_files(files, field, tell)))


def _some(bursts: Iterator[list[Text]]) -> Iterator[list[Text]]:
    found = False
    for burst in bursts:
        if burst:
            found = True
            yield burst
    if not found:
        raise EmptyText(NO_LINE)


def _bursts(given: Sequence[str], lines: bool, tell: Refuse) -> Iterator[list[Text]]:
    if lines:
        for text in given:
            yield from map(_written, read_lines(STDIN, tell) if text == STDIN else [_lines(text)])
    elif given:
        yield [Text(one_text(text)) for text in given]


def _documents(names: Sequence[str], lines: bool, tell: Refuse) -> Iterator[list[Text]]:
    for name in names:
        if lines:
            yield from map(_written, read_lines(name, tell))
        else:
            yield [Text(read_text(name))]


def _of_files(
    files: Sequence[str],
    field: str,
    tell: Refuse,
    whole: Mapping[str, ReadWhole] = MappingProxyType({}),
) -> Iterator[list[Text]]:
    if files:
        from attnviz.corpus.texts import read_texts

        for name in files:
            if read := whole.get(Path(name).suffix.lower()):
                yield [Text(read(name))]
            else:
                yield from read_texts(name, field=field, tell=tell)


def _written(lines: list[Text]) -> list[Text]:
    """Those lines that are not blank."""
    return [line for line in lines if line.text.strip()]


def _lines(text: str) -> list[Text]:
    return [Text(line, number) for number, line in enumerate(LINE_END.split(text), 1)]


def _checked(given: Sequence[str], files: Sequence[str]) -> Sequence[str]:
    """What is to be read: standard input where nothing is given, unless it is a terminal."""
    if not given and not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise Misuse("there is no text; give one in quotes, or - to read standard input")
        given = [STDIN]
    if [*given, *files].count(STDIN) > 1:
        raise Misuse("standard input can be read only once; give '-' once")
    return given


def _hint_at_quotes(given: Sequence[str]) -> None:
    """Warn where words without quotes around them have become a text each."""
    if len(given) > 2 and all(len(text.split()) == 1 for text in given) and STDIN not in given:
        warnings.warn(
            f"these are {len(given)} texts of one word each; put quotes around a text of several",
            AttnvizWarning,
            stacklevel=2,
        )


def one_text(text: str) -> str:
    """The text itself or, for ``-``, what standard input holds."""
    if text == STDIN:
        return _decode(_stdin(), "standard input").rstrip("\r\n")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text is not UTF-8 at character {error.start}; convert it first, as with iconv"
        ) from None
    return text


def read_file(name: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``."""
    if name == STDIN:
        return _stdin()
    try:
        with Path(name).open("rb") as file:
            return _read(file, quote(name, 200))
    except OSError as error:
        raise InputError(f"{quote(name, 200)} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{quote(name, 200)} is no file name: {error}") from None


def read_text(name: str) -> str:
    """The text of a file, or of standard input for ``-``."""
    return _decode(read_file(name), _named(name))


def _stdin() -> bytes:
    if sys.stdin is None:
        raise InputError("standard input is closed, so '-' has nothing to read")
    return _read(sys.stdin.buffer, "standard input")


def _read(stream: BinaryIO, what: str) -> bytes:
    """All that a stream holds, which may be endless: as much as there is memory for, no more."""
    parts: list[bytes] = []
    n_bytes = 0
    while part := stream.read(PART):
        parts.append(part)
        n_bytes += len(part)
        if n_bytes > LARGEST:
            raise InputError(f"{what} is larger than {LARGEST // 10**9} GB, or has no end")
        require(READ_TAKES * n_bytes, f"reading {what}", "give less of it")
    return b"".join(parts)


def _named(name: str) -> str:
    return "standard input" if name == STDIN else quote(name, 200)


def _decode(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{what} is not UTF-8 at byte {error.start}; convert it first, as with iconv"
        ) from None
