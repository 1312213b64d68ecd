"""Small results made by hand, for the tests of what is made from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from attnviz.result import AttentionMap, AttentionResult, Token


def tokens(text: str, pieces: str) -> tuple[Token, ...]:
    """Tokens of ``text`` from pieces such as ``[CLS] un+believ+able [SEP]``.

    A ``+`` joins the pieces of one word, square brackets make a token special, and offsets are
    found by reading on in the text.
    """
    found: list[Token] = []
    at = 0
    word = 0
    for unit in pieces.split():
        if unit.startswith("["):
            found.append(Token(unit, special=True))
            continue
        for piece in unit.split("+"):
            start = text.index(piece, at)
            at = start + len(piece)
            found.append(Token(piece, id=len(found), start=start, end=at, word=word))
        word += 1
    return tuple(found)


def result(
    units: Sequence[Token], weights: npt.ArrayLike, kind: str = "encoder", text: str = ""
) -> AttentionResult:
    """One map over one sequence, from weights (query, key) or (layer, head, query, key)."""
    array = np.asarray(weights, np.float32)
    if array.ndim == 2:
        array = array[None, None]
    return AttentionResult(
        tokens=tuple(units), maps={kind: AttentionMap(array)}, texts=(text,) if text else ()
    )


def uniform(n: int) -> npt.NDArray[np.float32]:
    """Every row the same weight on every key."""
    return np.full((n, n), 1 / n, np.float32)


def words(*texts: str) -> tuple[Token, ...]:
    """One token a word; texts in square brackets are special."""
    special = [text.startswith("[") for text in texts]
    return tuple(
        Token(text, word=None if mark else i, special=mark)
        for i, (text, mark) in enumerate(zip(texts, special, strict=True))
    )
