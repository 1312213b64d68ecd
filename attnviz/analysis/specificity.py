"""What is particular about a link: the weight that neither its word nor its distance explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
TOGETHER = 1 << 18  # bytes of heads looked at together: short texts take a third of the time


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
    for last in (False, True):  # heads that distance explains get what no other links
        free = best <= 0
        for at in _some_heads(map.weights, positional == last):
            weights = map.weights[at]
            weights *= pairs
            part = particular(weights)
            between[at], share[at] = (_total(one) / words for one in (weights, part))
            rows[at], columns[at] = (part.max(axis=axis, initial=0.0) for axis in (2, 1))
            for number, mine, its in zip(
                np.ravel_multi_index(at, positional.shape), part, rank(part), strict=True
            ):
                more = free & (its > best)
                np.copyto(best, its, where=more)
                np.copyto(strongest, mine, where=more)
                np.copyto(holder, number, where=more)
    behind = free & (strongest > 0)
    return HeadStatistics(
        pairs, excluded, between, share, rows, columns, strongest, holder, positional, behind
    )


def _some_heads(weights: FloatArray, chosen: BoolArray) -> Iterator[tuple[IntArray, IntArray]]:
    """The layers and heads that are ``chosen`` (layer, head), as many as are small together."""
    layers, heads = np.nonzero(chosen)
    several = max(1, TOGETHER // max(1, weights[0, 0].nbytes))
    for start in range(0, len(layers), several):
        yield layers[start : start + several], heads[start : start + several]


def _total(weights: FloatArray) -> FloatArray:
    """The sum over all of weights (head, query, key), of each head."""
    found: FloatArray = weights.reshape(len(weights), -1).sum(axis=1)
    return found


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
    rows, columns = np.flatnonzero(queries), np.flatnonzero(keys)
    for at in _some_heads(map.weights, ~found):
        tops = map.weights[at].take(rows, axis=1).take(columns, axis=2).argmax(axis=2)
        times = _times(distance[np.arange(tops.shape[1]), tops])
        found[at] = is_positional(times, tops.shape[1])
    return found


def is_positional(times: IntArray, n_words: int) -> BoolArray:
    """Whether so many of the words give most weight to the one at the same distance.

    ``times`` (…, distance) counts how many do so at each, of each head.
    """
    most = times.max(axis=-1, initial=0)
    found: BoolArray = (most > MOST_EXPLAINED * n_words) & (n_words >= FEWEST_WORDS)
    return found


def _times(distances: IntArray) -> IntArray:
    """How often each distance is there (head, distance), of distances (head, query)."""
    n = int(distances.max(initial=0)) + 1
    apart = distances + n * np.arange(len(distances))[:, None]
    return np.bincount(apart.ravel(), minlength=n * len(distances)).reshape(-1, n)


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
    """How to find, in heads' weights (head, query, key), the part that belongs to the very pair.

    Much of what heads do needs no reading: a head looks one word back wherever it stands, or
    every word looks at the same word. So from the weight of each pair is taken what the head
    gives, on average over the other pairs, to the same key or over the same distance, whichever
    is more; what falls below is 0. The weights of what is no pair must be 0.
    """
    per_key = np.maximum(pairs.sum(axis=0, dtype=np.float32) - 1, 1)
    if kind == "cross":
        return lambda weights: _beyond(
            weights, (weights.sum(axis=1, keepdims=True) - weights) / per_key, pairs
        )
    distance = _distance(view, kind)
    line = (distance - distance.min(initial=0)).ravel()
    n_lines = int(line.max(initial=0)) + 1
    lone = np.bincount(line, pairs.ravel())[line].astype(np.float32).reshape(pairs.shape)
    per_line = np.maximum(lone - 1, 1)

    def particular(weights: FloatArray) -> FloatArray:
        sums = [np.bincount(line, one.ravel(), n_lines) for one in weights]
        along = np.asarray(sums, np.float32).take(line, axis=1).reshape(weights.shape)
        to_key = weights.sum(axis=1, keepdims=True)
        return _beyond(weights, usual_weight(weights, to_key, per_key, along, per_line), pairs)

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
