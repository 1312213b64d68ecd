"""Texts from files: one a line, one a JSON object, or one a sentence of a treebank."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import PurePath

from attnviz.corpus.conllu import read_conllu
from attnviz.corpus.lines import STDIN, Refuse, Text, read_lines, refuse
from attnviz.errors import InputError, quote

SUFFIXES = (".txt", ".jsonl", ".conllu")
SENTENCES = 64  # of a treebank that are read before any is used


def read_texts(name: str, *, field: str = "text", tell: Refuse = refuse) -> Iterator[list[Text]]:
    """The texts of a file in order, read as they are asked for; ``-`` is standard input.

    They come in bursts, as ``read_lines`` reads. A .txt file and standard input have a text a
    line, a .jsonl file a JSON object a line with the text in ``field``, a .conllu file a sentence
    in each block. Blank lines are passed over. A bad line is named to ``tell``, which may raise
    or let it be skipped. InputError for a file that cannot be read or has another suffix.
    """
    suffix = ".txt" if name == STDIN else PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"{quote(name)} has no suffix that can be read; take one of {known}")
    bursts = read_lines(name, tell)
    if suffix == ".conllu":
        sentences = read_conllu(chain.from_iterable(bursts), name, tell)
        while some := list(islice(sentences, SENTENCES)):
            yield [Text(sentence.text, sentence.line) for sentence in some]
        return
    for lines in bursts:
        written = (line for line in lines if line.text.strip())
        if suffix == ".jsonl":
            yield [*_objects(written, name, field, tell)]
        else:
            yield [*written]


def _objects(lines: Iterable[Text], name: str, field: str, tell: Refuse) -> Iterator[Text]:
    for line, number in lines:
        try:
            yield Text(_text(line, field), number)
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
