"""Cutting a link, or silencing a head, and what that changes: asked in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz import findings
from attnviz.analysis.ask import find_word
from attnviz.analysis.claims import claims_about
from attnviz.analysis.cuts import (
    LOOSE,
    Cut,
    CutEffect,
    CutSearch,
    Moved,
    Ranked,
    bounds,
    controls,
    equal,
    moved,
    weight_of,
)
from attnviz.analysis.labels import Label
from attnviz.analysis.words import is_word, merge_words
from attnviz.errors import InputError, TooBig, quote
from attnviz.model.cut import Cutter
from attnviz.result import AttentionResult, FloatArray, Head, Heads, Token

if TYPE_CHECKING:
    from attnviz.model import Model


ARROWS = ("->", "→")

MOST_LINKS = 2000
"""How many links are cut in a search at most, one after another."""


def cut(
    model: Model,
    text: str,
    link: str | None = None,
    *,
    heads: Heads | None = None,
    truncate: bool = False,
) -> CutEffect:
    """What changes when a link, as "it->hat", is cut before the softmax.

    In these heads, or in all; without a link the heads are silenced. Beside it stands what the
    same does to links of equal weight (see ``CutEffect``), as effects follow weight. Raises
    UnknownWord, UnknownHead, and InputError for what is no link, for a link without weight, and
    for a model of two stacks.
    """
    heads = Head.several(heads) if heads else ()
    given = model.encode(text, truncate=truncate)
    cutter, result = Cutter(model, given), model.attend(text, truncate=truncate)
    words = merge_words(result)
    map = next(iter(words.maps.values()))
    for head in heads:
        map.require(head)
    asked = heads or tuple(map.all_heads())
    one = Cut(asked, *(_link(words.tokens, link) if link else (None, None)))
    weight = weight_of(map, one)
    if one.query is not None and weight == 0:
        raise InputError(f"{quote(link)} has no weight in these heads; cutting it changes nothing")
    if link is None and heads is None:
        raise InputError("give a link to cut, as it->hat, or a head to silence, as 3.1")
    wide = controls(map, one, LOOSE)
    before, after, *rest = cutter.vectors([Cut(()), one, *(other.cut for other in wide)])
    wide = [
        other._replace(effect=_effect(other.cut, before, states))
        for other, states in zip(wide, rest, strict=True)
    ]
    others = [other for other in wide if equal(weight, other.weight)]
    effect = _effect(one, before, after)
    found = CutEffect(
        one,
        words.tokens,
        weight,
        effect,
        np.asarray([other.effect for other in others]),
        _ranked(words.tokens, moved(before, after)),
        nearest=_nearest(one, others, words.tokens),
        prediction=cutter.prediction(one),
        bounds=None if one.query is None else bounds(effect, weight, wide),
        model=model.info.name,
        text=text,
        labels=_labels(result, asked),
    )
    return _with_claims(found, result, cutter)


def search_cuts(model: Model, text: str, *, n: int = 10, truncate: bool = False) -> CutSearch:
    """The ``n`` heads that change most when silenced, and links when cut in all heads.

    A head's effect is the mean over all words, a link's that on its own word. Raises TooBig for a
    text with more links than are cut one after another.
    """
    cutter = Cutter(model, model.encode(text, truncate=truncate))
    result = model.attend(text, truncate=truncate)
    words = merge_words(result)
    map = next(iter(words.maps.values()))
    at = [i for i, word in enumerate(words.tokens) if is_word(word)]
    every = tuple(map.all_heads())
    links = [Cut(every, query, key) for query in at for key in at if query != key]
    links = [one for one in links if weight_of(map, one) > 0]
    if len(links) > MOST_LINKS:
        raise TooBig(
            f"this text has {len(links):,} links and up to {MOST_LINKS:,} are cut one after "
            "another; give a shorter one"
        )
    cuts = [*(Cut((head,)) for head in every), *links]
    before, *states = cutter.vectors([Cut(()), *cuts])
    found = [
        Ranked(one, weight_of(map, one), _effect(one, before, after))
        for one, after in zip(cuts, states, strict=True)
    ]
    ranked = sorted(found, key=lambda one: -one.effect)
    return CutSearch(
        [one for one in ranked if one.cut.query is None],
        [one for one in ranked if one.cut.query is not None],
        words.tokens,
        n,
        model.info.name,
        text,
        findings.of(result.model).labels,
    )


def _labels(result: AttentionResult, heads: Sequence[Head]) -> tuple[Label, ...]:
    """What one head is called; of several nothing."""
    return tuple(findings.of(result.model).labels.get(heads[0], ())) if len(heads) == 1 else ()


def _effect(cut: Cut, before: FloatArray, after: FloatArray) -> float:
    """How far the cut's own word moves, or all words on average where heads are silenced."""
    distances = moved(before, after)
    return float(distances.mean() if cut.query is None else distances[cut.query])


def _link(words: Sequence[Token], link: str) -> tuple[int, int]:
    """The positions of the words that a link is from and to."""
    arrow = next((arrow for arrow in ARROWS if arrow in link), None)
    if arrow is None:
        raise InputError(f"{quote(link)} is no link; write it as it->hat, from the word that looks")
    query, _, key = link.partition(arrow)
    return find_word(words, query.strip()).position, find_word(words, key.strip()).position


def _ranked(words: Sequence[Token], distances: npt.NDArray[np.float64]) -> tuple[Moved, ...]:
    """All words, what moves most first."""
    order = np.argsort(-distances, kind="stable").tolist()
    return tuple(Moved(at, words[at], float(distances[at])) for at in order)


def _nearest(cut: Cut, others: Sequence[Ranked], words: Sequence[Token]) -> Ranked | None:
    """The link of the same word to another word that is nearest in weight."""
    return next(
        (
            one
            for one in others
            if one.cut.query == cut.query is not None
            and one.cut.key not in (None, cut.key, cut.query)
            and is_word(words[one.cut.key or 0])
        ),
        None,
    )


def _with_claims(found: CutEffect, result: AttentionResult, cutter: Cutter) -> CutEffect:
    """The same with what the model's lenses say of the word before and after."""
    query = found.cut.query
    if query is None:
        return found
    known, kind = findings.of(result.model), next(iter(result.maps))
    after = replace(result, maps={kind: cutter.weights(found.cut)})
    return replace(
        found,
        before=tuple(claims_about(result, known, query)),
        after=tuple(claims_about(after, known, query)),
    )
