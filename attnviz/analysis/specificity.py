"""What is particular about a link: the weight that neither its word nor its distance explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.answers import Excluded
from attnviz.analysis.view import View
from attnviz.analysis.words import is_word
from attnviz.brief import brief
from attnviz.result import FloatArray, Token

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

MOST_EXPLAINED = 0.5  # of the words, that may look as far without their head being positional
FEWEST_WORDS = 4  # of fewer, more than half look as far by chance
STEP = np.float32(2**-18)  # of what is particular; less of it is how sums round


class HeadStatistics(NamedTuple):
    """What one pass over all heads of a map finds; ``pairs`` (query, key) are the links it counts.

    ``between`` (layer, head) is the mean share of a word's weight that goes to other words, and
    ``share`` the part of it that is particular. ``rows`` (layer, head, query) is the largest
    particular part of each row, ``columns`` (layer, head, key) that of each column. ``strongest``
    (query, key) is the largest over all heads, and ``holder`` (query, key) the head that has it,
    counted through the layers. ``positional`` (layer, head) are the heads that distance alone
    explains, which stand behind all others: ``behind`` (query, key) are the pairs that only they
    link. ``excluded`` names what does not count as a link.
    """

    pairs: BoolArray
    excluded: tuple[Excluded, ...]
    between: FloatArray
    share: FloatArray
    rows: FloatArray
    columns: FloatArray
    strongest: FloatArray
    holder: IntArray
    positional: BoolArray
    behind: BoolArray

    def __repr__(self) -> str:
        return brief(self)


def head_statistics(view: View, kind: str) -> HeadStatistics:
    """Find in one pass over a map which heads, rows and pairs have particular weight."""
    map = view.map(kind)
    pairs, excluded = between_words(view, kind)
    n_layers, n_heads, n_queries, n_keys = map.weights.shape
    words = max(int(pairs.any(axis=1).sum()), 1)
    between, share = np.zeros((2, n_layers, n_heads), np.float32)
    rows = np.zeros((n_layers, n_heads, n_queries), np.float32)
    columns = np.zeros((n_layers, n_heads, n_keys), np.float32)
    strongest, holder = np.zeros(pairs.shape, np.float32), np.zeros(pairs.shape, np.intp)
    best = np.zeros_like(strongest)
    particular = specific_part(view, kind, pairs)
    positional = positional_heads(view, kind)
    free = np.ones(pairs.shape, np.bool_)  # pairs that no head so far links but by distance
    for number in np.argsort(positional, axis=None, kind="stable").tolist():
        at = divmod(number, n_heads)
        weights = np.where(pairs, map.weights[at], np.float32(0))
        part = particular(weights)
        between[at], share[at] = weights.sum() / words, part.sum() / words
        rows[at], columns[at] = (part.max(axis=axis, initial=0.0) for axis in (1, 0))
        ranks = rank(part)
        more = ranks > best
        if positional[at]:
            more &= free
        else:
            free &= ranks <= 0
        np.copyto(best, ranks, where=more)
        np.copyto(strongest, part, where=more)
        np.copyto(holder, number, where=more)
    behind = free & (strongest > 0)
    return HeadStatistics(
        pairs, excluded, between, share, rows, columns, strongest, holder, positional, behind
    )


def positional_heads(view: View, kind: str) -> BoolArray:
    """Which heads (layer, head) distance alone explains: those that look as far from everywhere.

    Such a head gives the largest weight that a word has for any word to the one at the same
    distance, for more than half of the words (after Voita et al. 2019, section 5.2, who ask for
    90% of the tokens). Between two texts there is no distance.
    """
    map = view.map(kind)
    queries, keys = (
        [is_word(token) for token in side] for side in (view.queries(kind), view.keys(kind))
    )
    found = np.zeros(map.weights.shape[:2], np.bool_)
    if kind == "cross" or not any(keys):
        return found
    distance = _distance(view, kind)[queries][:, keys]
    distance -= distance.min(initial=0)
    for at in np.ndindex(*found.shape):
        tops = map.weights[at][queries][:, keys].argmax(axis=1)
        times = np.bincount(distance[np.arange(len(tops)), tops])
        found[at] = is_positional(times, len(tops))
    return found


def is_positional(times: IntArray, n_words: int) -> bool:
    """Whether so many of the words give most weight to the one at the same distance."""
    return n_words >= FEWEST_WORDS and bool(times.max(initial=0) > MOST_EXPLAINED * n_words)


def between_words(view: View, kind: str) -> tuple[BoolArray, tuple[Excluded, ...]]:
    """Which pairs (query, key) of a map are a link between two different words, and what is none.

    Special tokens and punctuation are no words; a word's link to itself, to another of its own
    tokens or to a neighbour is none, and a decoder's query has none to what comes after it. In a
    cross map the two sides are different texts, so that any two words count. Where no other pair
    is left, as in a sentence of two words, neighbours count too.
    """
    words = np.logical_and.outer(
        [is_word(token) for token in view.queries(kind)],
        [is_word(token) for token in view.keys(kind)],
    )
    if kind == "cross":
        return words, ("special",)
    distance = _distance(view, kind)
    if kind == "decoder":
        words &= distance >= 0
    words &= ~_same_word(view.queries(kind), view.keys(kind))
    apart = words & (np.abs(distance) > 1)
    if apart.any():
        return apart, excluded_from(near=False)
    return words & (distance != 0), excluded_from(near=True)


def excluded_from(*, near: bool) -> tuple[Excluded, ...]:
    """What is no link between words of one text, where neighbours are links or are not."""
    return ("special", "itself") if near else ("special", "itself", "neighbours")


def specific_part(view: View, kind: str, pairs: BoolArray) -> Callable[[FloatArray], FloatArray]:
    """How to find, in one head's weights (query, key), the part that belongs to the very pair.

    Much of what heads do needs no reading: a head looks one word back wherever it stands, or
    every word looks at the same word. So from the weight of each pair is taken what the head
    gives, on average over the other pairs, to the same key or over the same distance, whichever
    is more; what falls below is 0. The weights of what is no pair must be 0.
    """
    per_key = np.maximum(pairs.sum(axis=0, dtype=np.float32) - 1, 1)
    if kind == "cross":
        return lambda weights: _beyond(weights, (weights.sum(axis=0) - weights) / per_key, pairs)
    distance = _distance(view, kind)
    line = (distance - distance.min(initial=0)).ravel()
    lone = np.bincount(line, pairs.ravel())[line].astype(np.float32).reshape(pairs.shape)
    per_line = np.maximum(lone - 1, 1)

    def particular(weights: FloatArray) -> FloatArray:
        along = np.bincount(line, weights.ravel()).astype(np.float32)[line].reshape(weights.shape)
        usual = usual_weight(weights, weights.sum(axis=0), per_key, along, per_line)
        return _beyond(weights, usual, pairs)

    return particular


def rank(particular: FloatArray) -> FloatArray:
    """What links are ranked by: in whole STEPs equals tie, in whatever order they were summed."""
    steps: FloatArray = np.rint(particular / STEP)
    return steps


def usual_weight(
    weights: FloatArray,
    to_key: FloatArray,
    per_key: FloatArray,
    along: FloatArray,
    per_line: FloatArray,
) -> FloatArray:
    """What a head gives on average over other pairs to the same key or distance, whichever is more.

    Of each weight there are the sums over all pairs ``to_key`` and ``along`` its distance, and how
    many others these have.
    """
    usual: FloatArray = np.maximum((along - weights) / per_line, (to_key - weights) / per_key)
    return usual


def _beyond(weights: FloatArray, usual: FloatArray, pairs: BoolArray) -> FloatArray:
    return np.where(pairs, np.maximum(weights - usual, 0), np.float32(0))


def _distance(view: View, kind: str) -> IntArray:
    """How far each key stands before its query, in units of the text, special ones counted."""
    map = view.map(kind)
    return np.subtract.outer(np.asarray(map.queries, np.intp), np.asarray(map.keys, np.intp))


def _same_word(queries: Sequence[Token], keys: Sequence[Token]) -> BoolArray:
    """Which tokens (query, key) are of one word."""
    names = [
        np.asarray([-1 - i if token.word is None else token.word for i, token in enumerate(side)])
        for side in (queries, keys)
    ]
    same: BoolArray = np.equal.outer(*names)
    return same
