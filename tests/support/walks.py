"""Walks for tests of what is drawn of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import attnviz
from attnviz.analysis.explain import Explanation, explain
from attnviz.errors import AttnvizWarning
from attnviz.result import Token

HAT = "He took the hat and examined it carefully"


@cache
def hat() -> Explanation:
    """Where "it" looks in the embedded model's head 3.1."""
    return attnviz.load().explain(HAT, word="it", head="3.1")


@cache
def long() -> Explanation:
    """A row of more keys than the model was trained on, of which it warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AttnvizWarning)
        return attnviz.load().explain(" and ".join([HAT] * 20), word="it", head="3.1")


def spelt(texts: Sequence[str]) -> Explanation:
    """The same walk over tokens of other texts."""
    tokens = tuple(Token(text) for text in texts)
    return explain(replace(hat().recorded, tokens=tokens, keys=tokens))
