"""Documents as JSON: written row by row in bounded memory, read one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from attnviz.document.arrays import check_result, from_lists, weight_lists
from attnviz.document.bertviz import from_bertviz, is_bertviz
from attnviz.document.decimals import BLOCK, number_rows, numbers
from attnviz.document.inseq import from_inseq, is_inseq
from attnviz.document.labels import dumps, labels
from attnviz.document.parse import map_labels, opened, result_from
from attnviz.errors import DocumentError
from attnviz.result import AttentionResult, FloatArray

SPACE = re.compile(r"[ \t\r\n]*")


def write_json(
    result: AttentionResult,
    stream: BinaryIO,
    *,
    precision: int | None = None,
    found: Mapping[str, Any] | None = None,
) -> None:
    """Write one document on one line, lossless, or with numbers rounded to so many decimals.

    ``found`` is what analysis found in the result, as ``document.found`` gives it.
    """
    check_result(result, precision)
    for piece in _pieces(result, precision, found):
        stream.write(piece)


def _pieces(
    result: AttentionResult, precision: int | None, found: Mapping[str, Any] | None
) -> Iterator[bytes]:
    document = labels(result, precision, found)
    maps = document.pop("maps")
    yield dumps(document)[:-1].encode() + b',"maps":{'
    for i, (kind, axes) in enumerate(maps.items()):
        yield b"," if i else b""
        yield f'"{kind}":{dumps(axes)[:-1]},"weights":'.encode()
        yield from _nested(result.maps[kind].weights, precision)
        yield b"}"
    yield b"}"
    if result.hidden is not None:
        yield b',"hidden":'
        yield from _nested(result.hidden, precision)
    yield b"}\n"


def _nested(array: FloatArray, precision: int | None) -> Iterator[bytes]:
    """An array of two axes or more as nested JSON lists, about BLOCK numbers at a time."""
    if 0 < array.size <= BLOCK:
        yield numbers(array, precision)
        return
    if array.ndim > 2:
        for i, part in enumerate(array):
            yield b"," if i else b"["
            yield from _nested(part, precision)
        yield b"]"
        return
    for i, rows in enumerate(number_rows(array, precision)):
        yield b"],[" if i else b"[["
        yield rows
    yield b"]]"


def read_page(data: bytes, start: int) -> AttentionResult:
    """The result of the one JSON value that begins at a byte of a page of BertViz."""
    try:
        return _results(decode(_text(data[start:]), 0)[0])[0]
    except DocumentError as error:
        raise DocumentError(f"the page is malformed: {error}") from None


def read_json(data: bytes) -> list[AttentionResult]:
    """The results of one JSON document or of several, one after another as in JSON Lines."""
    text = _text(data)
    results: list[AttentionResult] = []
    at = _skip_space(text, 0)
    if at == len(text):
        raise DocumentError("the document is empty")
    while at < len(text):
        try:
            value, end = decode(text, at)
            results += _results(value)
        except DocumentError as error:
            which = f"document {len(results) + 1}" if results else "the document"
            raise DocumentError(f"{which} is malformed: {error}") from None
        at = _skip_space(text, end)
    return results


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"the document is neither UTF-8 text nor NPZ: byte {error.start} is not text"
        ) from None


def _skip_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def decode(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins here, and where it ends."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        what = error.msg[0].lower() + error.msg[1:]
        raise DocumentError(f"line {line}, column {column} is not JSON ({what})") from None
    except RecursionError:
        raise DocumentError("its lists are nested too deeply") from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise DocumentError("it holds an integer that is too long") from None
    return value, end


def _results(value: object) -> list[AttentionResult]:
    """The result of a document, or those of what another program saved."""
    if isinstance(value, dict) and is_bertviz(value):
        return [result_from(*from_bertviz(value), None)]
    if isinstance(value, dict) and is_inseq(value):
        return [result_from(*each, None) for each in from_inseq(value)]
    document = opened(value)
    weights = {
        kind: weight_lists(entry.get("weights"), f"maps.{kind}.weights")
        for kind, entry in map_labels(document).items()
    }
    hidden = document.get("hidden")
    states = None if hidden is None else from_lists(hidden, ("rows", "numbers"), "hidden")
    return [result_from(document, weights, states)]
