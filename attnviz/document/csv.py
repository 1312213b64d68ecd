"""A result as long rows for a spreadsheet or a data frame: one weight on each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import BinaryIO

from attnviz.document.arrays import check_result
from attnviz.document.decimals import number_rows
from attnviz.render.safe import marks, visible
from attnviz.result import AttentionResult, FloatArray, Head, Token

HEADER = "kind,layer,head,query,key,query_text,key_text,weight\n"
# A spreadsheet runs a cell that begins so as a formula; such a sign by itself is harmless.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def write_csv(result: AttentionResult, stream: BinaryIO, *, precision: int | None = None) -> None:
    """Write one weight a line, with original indices and the texts of query and key.

    The indices identify, the texts are for reading: control characters appear as escapes, and an
    apostrophe stands before what a spreadsheet would run as a formula.
    """
    check_result(result, precision)
    stream.write(HEADER.encode())
    for kind in result.maps:
        for rows in _rows(result, kind, precision):
            stream.write(rows.encode())


def _rows(result: AttentionResult, kind: str, precision: int | None) -> Iterator[str]:
    """The lines of one query after another."""
    part = result.maps[kind]
    keys = [f"{key}," for key in part.keys]
    key_texts = [f",{_cell(token)}," for token in result.key_tokens(kind)]
    query_texts = [_cell(token) for token in result.query_tokens(kind)]
    for layer, head in part.all_heads():
        numbers = _lines_of_numbers(part.head(Head(layer, head)), precision)
        for query, text, weights in zip(part.queries, query_texts, numbers, strict=True):
            start = repeat(f"{kind},{layer},{head},{query},")
            cells = zip(start, keys, repeat(text), key_texts, weights)
            yield "\n".join(map("".join, cells)) + "\n"


def _lines_of_numbers(matrix: FloatArray, precision: int | None) -> Iterator[list[str]]:
    for rows in number_rows(matrix, precision):
        for row in rows.decode().split("],["):
            yield row.split(",")


def _cell(token: Token) -> str:
    """The text of a token as a quoted cell on one line."""
    text = visible(token.text) + marks(token)
    if len(text) > 1 and text.lstrip().startswith(FORMULA):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'
