"""From tokens to words: how subword attention is read as attention between words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple, TypeVar

import numpy as np

from attnviz.analysis.marks import read_piece
from attnviz.result import AttentionMap, AttentionResult, FloatArray, Token

T = TypeVar("T")


def merge_words(result: AttentionResult) -> AttentionResult:
    """The same attention between words: its tokens are words, its maps are merged to match.

    As Clark et al. (2019, section 2) do: attention to a word is the sum over its tokens, attention
    from a word the mean over its tokens, so that each row still sums to 1. Special tokens, and
    tokens that belong to no word, stay units of their own. Hidden states are left out.
    """
    source = _Units.of(result.tokens, result.texts)
    target = _Units.of(result.target_tokens, result.target_texts)
    merged: Mapping[str, AttentionMap] = {
        kind: _merge(map, *_sides(kind, source, target if result.target_tokens else source))
        for kind, map in result.maps.items()
    }
    return replace(
        result, tokens=source.words, target_tokens=target.words, maps=merged, hidden=None
    )


def merged_map(result: AttentionResult, kind: str) -> AttentionMap:
    """One map of ``merge_words``, with the words that its queries and keys count."""
    source, target = (result.tokens, result.texts), (result.target_tokens, result.target_texts)
    queries, keys = _sides(kind, source, target if result.target_tokens else source)
    of_keys = _Units.of(*keys)
    return _merge(result.maps[kind], of_keys if queries is keys else _Units.of(*queries), of_keys)


def tokens_of_words(tokens: Sequence[Token]) -> list[list[int]]:
    """Which tokens each unit of ``merge_words`` is made of, in their order."""
    runs: list[list[int]] = []
    last = None
    for i, token in enumerate(tokens):
        word = None if token.special else token.word
        if word is None or word != last:
            runs.append([i])
        else:
            runs[-1].append(i)
        last = word
    return runs


def is_word(token: Token) -> bool:
    """Whether a unit is a word: not special nor hidden by a mask, not all punctuation or space."""
    return not (token.special or token.masked) and _says_something(token.text)


@lru_cache(maxsize=1 << 14)  # texts say the same words again and again
def _says_something(text: str) -> bool:
    return any(unicodedata.category(c)[0] not in "PZC" for c in text)


def plain_form(text: str) -> str:
    """A word as it is looked for: composed, without outer spaces, in no case."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def occurrences(words: Iterable[str]) -> list[int]:
    """Which occurrence each word is of its like, counted from 1."""
    seen: Counter[str] = Counter()
    found = []
    for word in map(plain_form, words):
        seen[word] += 1
        found.append(seen[word])
    return found


def _sides(kind: str, source: T, target: T) -> tuple[T, T]:
    """What the queries of a map are of, and what its keys."""
    return source if kind == "encoder" else target, target if kind == "decoder" else source


class _Units(NamedTuple):
    """The words of a sequence, and for each token the index of its word."""

    words: tuple[Token, ...]
    word_of: Sequence[int]

    @classmethod
    def of(cls, tokens: Sequence[Token], texts: Sequence[str]) -> _Units:
        made = tuple(tokens)
        runs = tokens_of_words(made)
        words = [
            _word([made[i] for i in run], texts) if run[1:] else _alone(made[run[0]], texts)
            for run in runs
        ]
        if len(runs) == len(made):
            return cls(tuple(words), range(len(made)))
        return cls(tuple(words), [unit for unit, run in enumerate(runs) for _ in run])


def _alone(token: Token, texts: Sequence[str]) -> Token:
    """The word that is one token, or a token that belongs to no word, as it is."""
    if token.special or token.word is None:
        return token
    text = _written(token, token, texts) or token.text
    if text == token.text and token.spelling is None:
        return token
    return replace(token, text=text, spelling=None)


def _word(run: Sequence[Token], texts: Sequence[str]) -> Token:
    """The word that several tokens are."""
    first, last = run[0], run[-1]
    joined = "".join(read_piece(token.text).text for token in run).strip()
    return replace(
        first,
        text=_written(first, last, texts) or joined or first.text,
        id=None,
        end=last.end,
        unknown=any(token.unknown for token in run),
        masked=all(token.masked for token in run),
        spelling=None,
    )


def _written(first: Token, last: Token, texts: Sequence[str]) -> str:
    """A word as it is written in the text; nothing without one."""
    start, end, segment = first.start, last.end, first.segment
    if start is None or end is None or segment >= len(texts):
        return ""
    return texts[segment][start:end].strip()


def _merge(map: AttentionMap, queries: _Units, keys: _Units) -> AttentionMap:
    """Merge both axes of a map, also of one that is a selection of rows or columns."""
    weights, key_words, _ = _sum_runs(map.weights, map.keys, keys, axis=3)
    weights, query_words, sizes = _sum_runs(weights, map.queries, queries, axis=2)
    axes = queries.words, keys.words
    if (query_words, key_words, axes) == (map.queries, map.keys, map.axes):
        return map
    if len(query_words) < len(map.queries):
        weights = weights / np.asarray(sizes, np.float32)[:, None]
    return replace(map, weights=weights, queries=query_words, keys=key_words, axes=axes)


def _sum_runs(
    weights: FloatArray, positions: Sequence[int], units: _Units, axis: int
) -> tuple[FloatArray, tuple[int, ...], tuple[int, ...]]:
    """Sum neighbouring rows of one word along an axis; the words found there, and rows of each."""
    order = tuple(sorted(positions))
    if order != positions:
        weights = np.take(weights, np.argsort(positions), axis=axis)
    if len(units.words) == len(units.word_of):
        return weights, order, (1,) * len(order)
    rows = Counter([units.word_of[i] for i in order])
    words, sizes = tuple(rows), tuple(rows.values())
    if len(words) < len(order):
        weights = np.add.reduceat(weights, [0, *accumulate(sizes[:-1])], axis=axis)
    return weights, words, sizes
