"""What documents of other programs leave unsaid: bare strings as tokens, other axes of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attnviz.document.arrays import fail
from attnviz.labelling.spellings import Read, read_spellings
from attnviz.result import FloatArray, Token

TOLD = frozenset(("word", "special", "start", "segment", "unknown"))
WANTED = "weights have the axes (layer, head, query, key)"


def read_tokens(tokens: Sequence[Token], values: object, *, placed: bool) -> Read:
    """Tokens as their spellings tell, unless the document says what any of them is.

    ``values`` are the tokens as the document has them; with ``placed`` their offsets are kept,
    which count in the text that they spell.
    """
    listed = values if isinstance(values, list) else []
    if any(isinstance(value, dict) and not TOLD.isdisjoint(value) for value in listed):
        return Read(tuple(tokens))
    read = read_spellings([token.text for token in tokens])
    both = zip(tokens, read.tokens, strict=True)
    if not read.marks:
        found = [replace(old, special=new.special, unknown=new.unknown) for old, new in both]
    else:
        found = [replace(new, id=old.id) for old, new in both]
    if not placed:
        found = [replace(token, start=None, end=None) for token in found]
    return read._replace(tokens=tuple(found), texts=read.texts if placed else ())


def with_four_axes(weights: FloatArray, where: str) -> FloatArray:
    """Weights (layer, head, query, key), where there may be a batch of one, or one lone head.

    A batch axis stands first or behind the layers, as in the tuples of transformers.
    """
    if weights.ndim == 2:
        return weights[None, None]
    if weights.ndim == 5 and 1 in weights.shape[:2]:
        return weights[:, 0] if weights.shape[1] == 1 else weights[0]
    if weights.ndim == 5:
        fail(where, f"has a batch of several texts, shape {weights.shape}; {WANTED}, one document")
    if weights.ndim != 4:
        fail(where, f"has {weights.ndim} axes, shape {weights.shape}; {WANTED}")
    return weights
