"""Texts from files: one a line, one a JSON object, or one a sentence of a treebank."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from attnviz.corpus.conllu import read_conllu
from attnviz.corpus.lines import STDIN, Refuse, decode, open_lines, refuse
from attnviz.errors import InputError, quote

__all__ = ["SUFFIXES", "read_texts"]

SUFFIXES = (".txt", ".jsonl", ".conllu")


def read_texts(name: str, *, field: str = "text", tell: Refuse = refuse) -> Iterator[str]:
    """The texts of a file in order, read as they are asked for; ``-`` is standard input.

    A .txt file and standard input have a text a line, a .jsonl file a JSON object a line with the
    text in ``field``, a .conllu file a sentence in each block. Empty lines are passed over. A bad
    line is named to ``tell``, which may raise or let it be skipped. InputError for a file that
    cannot be read or has another suffix.
    """
    suffix = ".txt" if name == STDIN else PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"{quote(name)} has no suffix that can be read; take one of {known}")
    with open_lines(name) as stream:
        lines = decode(stream, name, tell)
        if suffix == ".conllu":
            yield from (sentence.text for sentence in read_conllu(lines, name, tell))
        elif suffix == ".jsonl":
            yield from _objects(lines, name, field, tell)
        else:
            yield from (line for _, line in lines if line.strip())


def _objects(
    lines: Iterable[tuple[int, str]], name: str, field: str, tell: Refuse
) -> Iterator[str]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            yield _text(line, field)
        except InputError as error:
            tell(InputError(f"line {number} of {quote(name)} {error}"))


def _text(line: str, field: str) -> str:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        raise InputError("is not JSON") from None
    text = read.get(field) if isinstance(read, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"has no text in {quote(field)}; --field names where it is")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError("has half a character in its text") from None
    return text
