"""What is looked at: a result by words or tokens, with or without its special tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from attnviz.analysis.answers import Longer
from attnviz.analysis.closeups import PooledResult
from attnviz.analysis.words import merge_words
from attnviz.brief import brief
from attnviz.errors import InputError, UnknownHead
from attnviz.result import AttentionMap, AttentionResult, FloatArray, Head, Token

SINKED = frozenset({"gpt_oss"})
"""Models whose heads have sinks: scores of no key, which take a share of each row."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A result as it is shown; ``hidden`` float32 (layer, head, query) says what is left out.

    Rows are never renormalised: where keys are left out, the rest of a row sums to less than 1,
    and ``hidden`` holds the share that went to the keys left out, and to the heads' ``sinks`` of a
    model that has some. ``merged`` are the maps of which some tokens were merged into words;
    ``longer`` says that the text has more tokens than those that the model was trained on.
    """

    result: AttentionResult
    hidden: Mapping[str, FloatArray]
    merged: frozenset[str] = frozenset()
    longer: Longer | None = None
    sinks: bool = False

    __repr__ = brief

    def map(self, kind: str) -> AttentionMap:
        """One of the maps, by its kind; InputError names the kinds there are."""
        try:
            return self.result.maps[kind]
        except KeyError:
            there = ", ".join(self.result.maps)
            raise InputError(f"there is no '{kind}' map here; there is {there}") from None

    def queries(self, kind: str) -> tuple[Token, ...]:
        """The units that look, along the query axis."""
        return self.result.query_tokens(kind)

    def keys(self, kind: str) -> tuple[Token, ...]:
        """The units that are looked at, along the key axis."""
        return self.result.key_tokens(kind)


def select_heads(
    result: AttentionResult, *, layer: int | None = None, heads: Sequence[Head] = ()
) -> AttentionResult:
    """The part of a result that is one layer, or these heads, under its true indices.

    Maps without that layer, or without one of the heads, are left out; UnknownHead if that leaves
    none.
    """
    if layer is None and not heads:
        return result
    maps, missing = {}, None
    for kind, map in result.maps.items():
        try:
            maps[kind] = map.pick(heads) if heads else map.select(layers=[layer or 0])
        except UnknownHead as error:
            missing = missing or error
    if missing and not maps:
        raise missing
    return replace(result, maps=maps)


def make_view(result: AttentionResult, *, words: bool = True, special: bool = True) -> View:
    """Choose the units: words or tokens, special tokens shown or hidden."""
    shown = merge_words(result) if words else result
    merged = frozenset(
        kind for kind, map in shown.maps.items() if _sides(map) != _sides(result.maps[kind])
    )
    sinks = result.model.model_type in SINKED
    lost = {
        kind: _lost(map, some=sinks or leaves_out_special(result, kind))
        for kind, map in shown.maps.items()
    }
    view = View(shown, lost, merged, longer_than_trained(result), sinks)
    return view if special else hide_special(view)


def _sides(map: AttentionMap) -> tuple[int, ...]:
    return map.weights.shape[2:]


def longer_than_trained(result: AttentionResult) -> Longer | None:
    """Whether a text has more tokens than those that its model was trained on."""
    tokens = result.whole if isinstance(result, PooledResult) else result.tokens
    return Longer.of(len(tokens), result.model.max_seq_length)


def hide_special(view: View) -> View:
    """Leave the special tokens out of every map, and keep how much weight went to them."""
    maps = {}
    hidden = {}
    for kind, map in view.result.maps.items():
        rows = _kept(view.queries(kind), map.queries, kind)
        columns = _kept(view.keys(kind), map.keys, kind)
        dropped = [i for i, key in enumerate(map.keys) if key not in set(columns)]
        seen = map.select(queries=rows)
        lost = view.hidden[kind][..., [map.queries.index(row) for row in rows]]
        hidden[kind] = lost + seen.weights[..., dropped].sum(axis=-1, dtype=np.float32)
        maps[kind] = seen.select(keys=columns)
    return replace(view, result=replace(view.result, maps=maps), hidden=hidden)


def _kept(tokens: Sequence[Token], indices: Sequence[int], kind: str) -> tuple[int, ...]:
    kept = tuple(i for i, token in zip(indices, tokens, strict=True) if not token.special)
    if not kept:
        raise InputError(f"every token of the {kind} map is special, so none is left to show")
    return kept


def leaves_out_special(result: AttentionResult, kind: str) -> bool:
    """Whether a map lacks keys, all of them special, as where somebody hid them before."""
    keys, kept = result.maps[kind].axes[1], set(result.maps[kind].keys)
    lacking = [token.special for at, token in enumerate(keys) if at not in kept]
    return result.weighting == "raw" and bool(lacking) and all(lacking)


def _lost(map: AttentionMap, *, some: bool) -> FloatArray:
    """The share of each row that no key has, (layer, head, query), where ``some`` has been lost.

    Sinks take it, or special tokens that are no longer there.
    """
    if not some:
        return np.zeros(map.weights.shape[:3], np.float32)
    shown: FloatArray = map.weights.sum(axis=-1, dtype=np.float64).astype(np.float32)
    return np.maximum(1 - shown, np.float32(0))
