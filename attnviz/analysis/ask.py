"""Where one word looks, or who looks at it: over all heads, and in the heads that say most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from attnviz.analysis.answers import WordAttention
from attnviz.analysis.specificity import BoolArray, HeadStatistics
from attnviz.analysis.view import View
from attnviz.analysis.words import is_word, occurrences, plain_form
from attnviz.errors import InputError, UnknownWord, quote
from attnviz.result import FloatArray, Token

SHOWN_WORDS = 30


class Place(NamedTuple):
    """Where a word stands among the units of a view, and which of its occurrences that is."""

    position: int
    occurrence: int = 1
    occurrences: int = 1


class _Line(NamedTuple):
    """One row or column of a map: a word, the others, and each weight (layer, head, other).

    ``counted`` (other,) are those that make a link with the word, ``strength`` (layer, head) is the
    most particular weight of such a link; ``apart`` (other,) are all but the word itself.
    """

    word: Token
    others: Sequence[Token]
    weights: FloatArray
    counted: BoolArray
    strength: FloatArray
    apart: BoolArray
    hidden: float = 0.0


def ask(
    view: View,
    kind: str,
    statistics: HeadStatistics,
    place: Place,
    n_heads: int = 5,
    *,
    every: bool = False,
) -> WordAttention:
    """Where the word at ``place`` looks: its mean row, and the rows of the heads that say most.

    These are the heads in which the word has the most particular weight on another word, those
    that distance alone explains after all others. Each row is that head's as it is, and its top the
    word it looks at most among those that count. Where nothing counts, as for a special token,
    heads go by their weight on anything else. ``every`` keeps all heads of the map, as where
    somebody chose them.
    """
    map, at = view.map(kind), place.position
    line = _Line(
        word=view.queries(kind)[at],
        others=view.keys(kind),
        weights=map.weights[:, :, at],
        counted=statistics.pairs[at],
        strength=statistics.rows[:, :, at],
        apart=np.array([kind == "cross" or key != map.queries[at] for key in map.keys]),
        hidden=float(view.hidden[kind][:, :, at].mean()),
    )
    answer = _answer(view, kind, statistics, line, None if every else n_heads)
    return replace(answer, **place._asdict())


def who(
    view: View,
    kind: str,
    statistics: HeadStatistics,
    place: Place,
    n_heads: int = 5,
    *,
    every: bool = False,
) -> WordAttention:
    """Who looks at the word at ``place`` among the keys: ``ask`` turned around, by one rule."""
    map, at = view.map(kind), place.position
    line = _Line(
        word=view.keys(kind)[at],
        others=view.queries(kind),
        weights=map.weights[:, :, :, at],
        counted=statistics.pairs[:, at],
        strength=statistics.columns[:, :, at],
        apart=np.array([kind == "cross" or query != map.keys[at] for query in map.queries]),
    )
    answer = _answer(view, kind, statistics, line, None if every else n_heads)
    return replace(answer, who=True, **place._asdict())


def _answer(
    view: View, kind: str, statistics: HeadStatistics, line: _Line, n_heads: int | None
) -> WordAttention:
    """The mean over all heads, and ``n_heads`` of them, or all: those that say most first."""
    counted, strength, excluded = line.counted, line.strength, statistics.excluded
    particular = bool(strength.any())
    if not particular:
        counted = line.apart
        excluded = () if line.apart.all() else ("itself",)
        strength = np.where(counted, line.weights, 0).max(axis=-1)
    weight = np.where(counted, line.weights, -1).max(axis=-1)
    best = _best(strength, weight, statistics.positional, n_heads)
    named, rows = view.map(kind).all_heads(), line.weights.reshape(strength.size, -1)
    mean = line.weights.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    return WordAttention(
        word=line.word,
        position=0,
        keys=line.others,
        mean=mean,
        excluded=excluded,
        particular=particular,
        behind=int(statistics.positional.ravel()[best].sum()),
        top=int(np.where(counted, mean, -1).argmax()),
        heads=tuple(named[number] for number in best),
        rows=rows[best],
        tops=tuple(np.where(counted, rows[best], -1).argmax(axis=-1).tolist()),
        kind=kind,
        hidden=line.hidden,
        n_heads=strength.size,
        merged=kind in view.merged,
        longer=view.longer,
        sinks=view.sinks,
        weighting=view.result.weighting,
    )


def _best(strength: FloatArray, weight: FloatArray, behind: BoolArray, n: int | None) -> list[int]:
    """The heads (layer, head) of the ``n`` largest strengths, counted through the layers.

    The heaviest come first, and those that are ``behind`` (layer, head) after all others. Heads
    without any strength are none of them, unless all are wanted.
    """
    best = np.lexsort((-strength.ravel(), behind.ravel()))
    if n is not None:
        best = best[strength.flat[best] > 0][:n]
    order = np.lexsort((-weight.flat[best], behind.flat[best]))
    found: list[int] = best[order].tolist()
    return found


def find_word(units: Sequence[Token], asked: str) -> Place:
    """Where the asked word stands; ``it:2`` is the second "it", and case does not matter."""
    if not isinstance(asked, str):
        raise InputError(f"a word is asked for by its text, as 'it', not by {quote(asked)}")
    word, occurrence = asked, 1
    places = _occurrences(units, asked)
    head, colon, number = asked.rpartition(":")
    if not places and colon and head and number.isascii() and number.isdigit():
        word, occurrence = head, int(number)
        places = _occurrences(units, word)
    if not places:
        raise UnknownWord(_unknown(units, word))
    if not 1 <= occurrence <= len(places):
        times = "once" if len(places) == 1 else f"{len(places)} times"
        raise UnknownWord(f"'{word}' occurs {times}, so there is no '{asked}'; count from 1")
    return Place(places[occurrence - 1], occurrence, len(places))


def numbered(words: Iterable[str]) -> list[str]:
    """Words told apart as ``find_word`` reads them: the second "the" of a text is ``the:2``."""
    listed = list(words)
    times = occurrences(listed)
    return [f"{word}:{n}" if n > 1 else word for word, n in zip(listed, times, strict=True)]


def _occurrences(units: Sequence[Token], word: str) -> list[int]:
    """The units that are the word as it is written or, failing that, without its punctuation."""
    for form in (plain_form, _bare):
        wanted = form(word)
        places = [i for i, unit in enumerate(units) if wanted and form(unit.text) == wanted]
        if places:
            return places
    return []


def _bare(text: str) -> str:
    """The text from its first to its last letter or digit, as "hat" for "hat,"."""
    plain = plain_form(text)
    inside = [i for i, character in enumerate(plain) if character.isalnum()]
    return plain[inside[0] : inside[-1] + 1] if inside else ""


def _unknown(units: Sequence[Token], word: str) -> str:
    there = list(dict.fromkeys(unit.text for unit in units if is_word(unit)))
    by_form = {plain_form(text): text for text in there}
    from difflib import get_close_matches  # slow to load, and seldom needed

    close = get_close_matches(plain_form(word), by_form, n=1)
    meant = f"did you mean '{by_form[close[0]]}'? " if close else ""
    more = f" and {len(there) - SHOWN_WORDS} more" if len(there) > SHOWN_WORDS else ""
    return (
        f"there is no word '{word}' here; {meant}there are {', '.join(there[:SHOWN_WORDS])}{more}"
    )
