"""What a model makes of texts: a vector for each token, the mean over some of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee

from attnviz.brief import brief
from attnviz.errors import EmptyText
from attnviz.model import Model, hidden_states
from attnviz.model.inputs import Input
from attnviz.result import FloatArray, Token


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text as a model reads it: its tokens, special ones left out, and their vectors.

    ``x`` is float32 (token, d_model); ``text`` is what the tokens' offsets refer to.
    """

    text: str
    tokens: tuple[Token, ...]
    x: FloatArray

    __repr__ = brief


def later_half(model: Model) -> tuple[int, ...]:
    """The hidden states from the middle of a model to its last: 3 to 6 of six layers."""
    n = len(model.spec.stacks[0].layers)
    return tuple(range((n + 1) // 2, n + 1))


def encode(model: Model, text: str, *, truncate: bool = False) -> Input:
    """A text as the model takes it; EmptyText for one of which it reads nothing."""
    given = model.encode(text, truncate=truncate)
    _spoken(given)
    return given


def read(
    model: Model, texts: Iterable[str | Input], layers: Sequence[int], *, truncate: bool = False
) -> Iterator[Reading]:
    """The readings of texts in order; EmptyText for one of which the model reads nothing."""
    inputs = (
        text if isinstance(text, Input) else encode(model, text, truncate=truncate)
        for text in texts
    )
    return read_inputs(model, inputs, layers)


def read_inputs(model: Model, inputs: Iterable[Input], layers: Sequence[int]) -> Iterator[Reading]:
    """The readings of inputs in order; short ones are computed together."""
    first, second = tee(inputs)
    for given, states in zip(first, hidden_states(model, second, layers), strict=True):
        yield _reading(given, states.mean(axis=0))


def _reading(given: Input, states: FloatArray) -> Reading:
    kept = _spoken(given)
    return Reading(given.texts[0], tuple(given.tokens[i] for i in kept), states[kept])


def _spoken(given: Input) -> list[int]:
    """The places of the tokens that are not special."""
    kept = [i for i, token in enumerate(given.tokens) if not token.special]
    if not kept:
        raise EmptyText("the model reads nothing in this text but special tokens; give a sentence")
    return kept
