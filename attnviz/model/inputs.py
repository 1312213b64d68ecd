"""What goes into a model: texts or ids, checked against its vocabulary and positions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.core.hooks import AttentionBlock, Ids
from attnviz.core.spec import ModelSpec, StackSpec
from attnviz.errors import AttnvizWarning, BadCheckpoint, EmptyText, InputError, TooLong, quote
from attnviz.lazy import LazySequence
from attnviz.result import Token

IntArray = npt.NDArray[np.int64]
Edit = Callable[[AttentionBlock], None]
"""What changes the scores of a block before their softmax."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input as the model takes it, with the tokens that label it.

    ``target_language`` is the id of the code that what the model writes begins with.
    """

    ids: Ids
    tokens: Sequence[Token]
    texts: Sequence[str] = ()
    target_tokens: Sequence[Token] = ()
    target_texts: Sequence[str] = ()
    target_language: int | None = None

    @property
    def mask(self) -> npt.NDArray[np.bool_] | None:
        """False for the tokens of the first stack that no other sees; None where all are seen."""
        return None if self.ids.mask is None else self.ids.mask == 1

    __repr__ = brief


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


def require_maskable(ids: IntArray, model_type: str | None, spec: ModelSpec) -> None:
    """Raise InputError where what is seen would depend on what a mask hides beside it."""
    drops = spec.stacks[0].embedding.masked
    if drops is not None and drops in ids:
        raise InputError(
            f"{model_type} embeds a text by how many of its tokens are seen, which attention_mask "
            "would change; leave the hidden tokens out instead"
        )


def with_mask(given: Input, mask: IntArray) -> Input:
    """The input with tokens hidden from all others where the mask is 0, and named as hidden."""
    if len(mask) != len(given.ids.ids) or not np.isin(mask, (0, 1)).all() or not mask.any():
        raise InputError(
            f"attention_mask has one number for each of the {len(given.ids.ids)} token_ids: "
            "1 to be seen, 0 to be hidden, and at least one 1"
        )

    def named() -> tuple[Token, ...]:
        pairs = zip(given.tokens, mask.tolist(), strict=True)
        return tuple(token if seen else replace(token, masked=True) for token, seen in pairs)

    ids = replace(given.ids, mask=mask)
    return replace(given, ids=ids, tokens=LazySequence(named, len(mask)))


def warn_of_length(n: int, trained: int, name: str) -> None:
    """Warn that a text is longer than those that the model was trained on."""
    warnings.warn(
        f"the text has {n} tokens but {name} was trained on texts of up to {trained}, so what it "
        "attends to in longer ones is less reliable",
        AttnvizWarning,
        stacklevel=5,
    )


def warn_of_padding(ids: IntArray, padding: int | None) -> None:
    """Warn where ids end in padding that nothing hides from the other tokens."""
    if padding is not None and len(ids) > 1 and ids[-1] == padding:
        warnings.warn(
            f"the token_ids end in padding ({padding}), which the other tokens see as well; give "
            "attention_mask, or leave it out",
            AttnvizWarning,
            stacklevel=4,
        )


def warn_of_two_starts(ids: Sequence[int], tokens: Sequence[Token]) -> None:
    """Warn where a text begins with the token that the tokenizer puts before it."""
    if len(ids) < 2 or ids[0] != ids[1]:  # no token is looked at, which may have to be labelled
        return
    first, second = tokens[0], tokens[1]
    if first.special and first.start is None and second.start == 0:
        warnings.warn(
            f"the text begins with {quote(first.text)}, which the tokenizer adds by itself, so it "
            "is there twice; leave it out, or add none with --no-add-special",
            AttnvizWarning,
            stacklevel=4,
        )


def integers(values: Sequence[int] | IntArray, name: str) -> IntArray:
    """A flat int64 array, or InputError."""
    try:
        array: npt.NDArray[Any] = np.asarray(values)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{name} must be one flat list of whole numbers")
    return array.astype(np.int64)


def require_embedded(
    ids: Sequence[int], tokens: Sequence[Token], stack: StackSpec, name: str
) -> None:
    """Raise BadCheckpoint for a token of the model's own tokenizer that it has no row for."""
    size = stack.embedding.vocab_size
    if max(ids, default=0) >= size:
        place = next(i for i, id in enumerate(ids) if id >= size)
        raise BadCheckpoint(
            f"the tokenizer of {name} gives {quote(tokens[place].text)} the id {ids[place]}, but "
            f"its config.json has a vocabulary of {size}, so they do not belong together"
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


def hiding(inputs: Sequence[Input]) -> Edit | None:
    """What hides masked tokens, whose scores are -inf before the softmax; None where none are."""
    if all(given.mask is None for given in inputs):
        return None

    def hide(block: AttentionBlock) -> None:
        mask = inputs[block.sequence].mask
        two_sided = inputs[block.sequence].ids.target_ids is not None
        if mask is not None and not (two_sided and block.kind == "decoder"):
            block.weights[:, :, ~mask[: block.weights.shape[2]]] = -np.inf

    return hide
