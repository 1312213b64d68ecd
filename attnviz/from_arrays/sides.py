"""The tokens of each side of a map, from strings, or from ids and a tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError
from attnviz.labelling.spellings import read_spellings, say_what_was_read, whole_characters
from attnviz.result import Token


class Side(NamedTuple):
    """The tokens of one side of a map, and the texts that their offsets count."""

    tokens: tuple[Token, ...]
    texts: tuple[str, ...] = ()


def side_of(
    strings: Sequence[str] | None,
    ids: npt.NDArray[Any] | None,
    tokenizer: Any,
    text: str | None,
    offsets: Any,
) -> Side:
    """The tokens of one side, from whatever says what they are."""
    if strings is not None:
        return _from_strings([str(string) for string in strings], text, offsets)
    if ids is None:
        return Side(())
    from attnviz.tokenizer.adopted import spelled

    return Side(*spelled(ids.tolist(), tokenizer))


def _from_strings(strings: Sequence[str], text: str | None, offsets: Any) -> Side:
    """Tokens as they are written, at their places in the text where these are given."""
    if offsets is None:
        read = read_spellings(strings)
        say_what_was_read(read)
        return Side(read.tokens, read.texts)
    spans = _spans(offsets)
    if len(spans) != len(strings) or text is None:
        raise InputError(
            f"there are {len(strings)} tokens and {len(spans)} offsets"
            if text is not None
            else "offsets need the text that they count; give text="
        )
    from attnviz.tokenizer.adopted import placed

    text = whole_characters(text)
    return Side(placed([whole_characters(one) for one in strings], spans, text), (text,))


def _spans(offsets: Any) -> list[tuple[int, int]]:
    """Where tokens begin and end, from a list or an array of two whole numbers for each."""
    try:
        array = np.asarray(offsets)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise InputError("offsets are where each token begins and ends, whole numbers (token, 2)")
    return [(start, end) for start, end in array.tolist()]


def as_long(side: Side, n: int, what: str, *, spare: bool) -> Side:
    """The side if it has a token for every row; ``spare`` ones behind were never read."""
    if not side.tokens:
        return Side(tuple(Token(str(number), word=number) for number in range(n)))
    if len(side.tokens) == n:
        return side
    if spare and len(side.tokens) == n + 1:
        return Side(side.tokens[:n], side.texts)
    raise InputError(f"there are {len(side.tokens)} {what} but the weights have {n}")
