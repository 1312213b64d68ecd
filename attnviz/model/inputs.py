"""What goes into a model: texts or ids, checked against its vocabulary and positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.core.hooks import Ids
from attnviz.core.spec import ModelSpec, StackSpec
from attnviz.errors import BadCheckpoint, EmptyText, InputError, TooLong, quote
from attnviz.result import Token

__all__ = ["Input", "checked", "integers", "require_embedded", "require_text", "too_long"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Input:
    """One input as the model takes it, with the tokens that label it."""

    ids: Ids
    tokens: Sequence[Token]
    texts: Sequence[str] = ()
    target_tokens: Sequence[Token] = ()
    target_texts: Sequence[str] = ()


def too_long(what: str, n: int, name: str, limit: int) -> TooLong:
    """What to say of a text with more tokens than there are positions."""
    return TooLong(
        f"the {what} has {n} tokens but {name} has {limit} positions; "
        "shorten it, or cut it with --truncate"
    )


def require_text(*texts: object) -> None:
    """Raise EmptyText for a text without a word in it, InputError for what is no text."""
    for text in texts:
        if text is None:
            continue
        if not isinstance(text, str):
            raise InputError(f"a text must be a str, not {type(text).__name__}")
        if not text.strip():
            raise EmptyText("the text is empty; give a sentence with at least one word")


def integers(values: Sequence[int] | IntArray, name: str) -> IntArray:
    """A flat int64 array, or InputError."""
    try:
        array: npt.NDArray[Any] = np.asarray(values)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{name} must be one flat list of whole numbers")
    return array.astype(np.int64)


def require_embedded(tokens: Sequence[Token], stack: StackSpec, name: str) -> None:
    """Raise BadCheckpoint for a token of the model's own tokenizer that it has no row for."""
    size = stack.embedding.vocab_size
    for token in tokens:
        if token.id is not None and token.id >= size:
            raise BadCheckpoint(
                f"the tokenizer of {name} gives {quote(token.text)} the id {token.id}, but its "
                f"config.json has a vocabulary of {size}, so they do not belong together"
            )


def checked(ids: Ids, spec: ModelSpec, name: str) -> Ids:
    """The ids, if the model has embeddings and positions for all of them."""
    first = spec.stacks[0]
    _check(first, ids.ids, name, "token_ids")
    if ids.target_ids is not None:
        if spec.encoder is None or spec.decoder is None:
            raise InputError(f"{name} has one stack, so it takes no target")
        _check(spec.decoder, ids.target_ids, name, "target_ids")
    if ids.types is not None:
        n_types = first.embedding.n_types
        if len(ids.types) != len(ids.ids):
            raise InputError(
                f"there are {len(ids.ids)} token_ids but {len(ids.types)} token_type_ids"
            )
        if ids.types.min(initial=0) < 0 or 0 < n_types <= ids.types.max(initial=0):
            raise InputError(f"{name} has {n_types} token types, counted from 0")
    return ids


def _check(stack: StackSpec, ids: IntArray, name: str, what: str) -> None:
    if not len(ids):
        raise EmptyText(f"there are no {what}; give at least one")
    size = stack.embedding.vocab_size
    if ids.min() < 0 or ids.max() >= size:
        wrong = int(ids.min() if ids.min() < 0 else ids.max())
        raise InputError(f"token id {wrong} is outside {name}'s vocabulary of {size}")
    if stack.max_positions is not None and len(ids) > stack.max_positions:
        raise TooLong(
            f"there are {len(ids)} {what} but {name} has {stack.max_positions} positions; "
            "give fewer"
        )
