"""What analysis found in a result, as a JSON-ready dict: whatever a picture says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from attnviz.analysis.answers import WordAttention
from attnviz.analysis.claims import Claim
from attnviz.analysis.paths import PATHS
from attnviz.analysis.selection import Selection
from attnviz.analysis.words import merge_words, tokens_of_words
from attnviz.render.claims import claim_text
from attnviz.render.labels import labels_of_each
from attnviz.result import Head, Link, Token, Weighting


def found(selection: Selection) -> dict[str, Any]:
    """The head that is shown and by what it was chosen, the strongest links, and the answers.

    A word is named by its text and by the tokens of the document that it is made of, which are
    words themselves where it is written by words; ``hidden`` is the mean share of a row's weight
    that went to what was left out, and ``excluded`` what links were not looked for.
    """
    kind, choice = selection.kind, selection.matrices[0].choice
    sides = _sides(selection, kind)
    words, weighting = _words(selection), selection.result.weighting
    return {
        "map": kind,
        "by": "token" if selection.options.tokens else "word",
        "hidden": selection.hidden,
        "excluded": list(selection.excluded),
        "head": None
        if choice is None
        else _place(choice.head, weighting) | {"share": choice.share, "between": choice.between},
        "links": _links(selection.links, *sides, weighting, selection.links_behind),
        "labels": labels_of_each(selection.map.all_heads(), selection.labels),
        "answers": [
            _answer(answer, *_sides(selection, answer.kind))
            | {"claims": _claims(answer.claims, words)}
            for answer in selection.answers
            if not answer.who
        ],
        "who": [
            _answer(answer, *reversed(_sides(selection, answer.kind)))
            for answer in selection.answers
            if answer.who
        ],
        "claims": _claims(selection.claims, words),
    }


def links_found(
    links: Sequence[Link], units: Sequence[Token], runs: Sequence[list[int]], behind: int
) -> list[dict[str, Any]]:
    """Links between units of one text, made of these ``runs`` of tokens, each with its head.

    Distance alone explains the last ``behind``.
    """
    named = list(map(_unit, units, runs))
    return _links(links, named, named, "raw", behind)


def _links(
    links: Sequence[Link],
    queries: Sequence[dict[str, Any]],
    keys: Sequence[dict[str, Any]],
    weighting: Weighting,
    behind: int,
) -> list[dict[str, Any]]:
    return [
        {
            "query": queries[link.query],
            "key": keys[link.key],
            **_place(link.head, weighting),
            "weight": float(link.weight),
            "positional": at >= len(links) - behind,
        }
        for at, link in enumerate(links)
    ]


def _answer(
    answer: WordAttention, own: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """An answer: of who looks at a word, the others are queries."""
    other = "query" if answer.who else "key"
    return {
        "map": answer.kind,
        "word": own[answer.position],
        "over": answer.n_heads,
        "hidden": answer.hidden,
        "excluded": list(answer.excluded),
        "particular": answer.particular,
        "top": others[answer.top],
        "mean": [
            {other: unit, "weight": float(weight)}
            for unit, weight in zip(others, answer.mean, strict=True)
        ],
        "heads": [
            {
                **_place(head, answer.weighting),
                other: others[top],
                "weight": float(row[top]),
                "positional": at >= len(answer.heads) - answer.behind,
            }
            for at, (head, row, top) in enumerate(
                zip(answer.heads, answer.rows, answer.tops, strict=True)
            )
        ],
    }


def _claims(claims: Sequence[Claim], words: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What lenses say, each claim with the sentence that pictures show."""
    return [
        {
            "relation": claim.relation,
            "word": words[claim.position],
            "named": [
                {"word": words[one.position], "probability": one.probability} for one in claim.named
            ],
            "nothing": claim.nothing,
            "heads": [{"head": str(head), "adds": adds} for head, adds in claim.heads],
            "record": claim.record and {"right": claim.record.right, "n": claim.record.n},
            "said": claim_text(claim),
        }
        for claim in claims
    ]


def _words(selection: Selection) -> list[dict[str, Any]]:
    """Every word of a result, and every special token."""
    result = selection.result
    words = merge_words(replace(result, maps={})).tokens
    return list(map(_unit, words, _made_of(result.tokens, selection, tokens_shown=False)))


def _made_of(
    tokens: Sequence[Token], selection: Selection, *, tokens_shown: bool
) -> list[list[int]]:
    """Which tokens of the document each unit is made of, where these are the result's."""
    words = tokens_of_words(tokens)
    units = [[i] for i in range(len(tokens))] if tokens_shown else words
    if selection.options.by != "word":
        return units
    word_of = [number for number, word in enumerate(words) for _ in word]
    return [sorted({word_of[i] for i in unit}) for unit in units]


def _sides(selection: Selection, kind: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The units along both axes of a map, in its order."""
    map, result, view = selection.view.map(kind), selection.result, selection.view
    target = result.target_tokens or result.tokens
    query_side = result.tokens if kind == "encoder" else target
    key_side = target if kind == "decoder" else result.tokens

    def units(
        shown: Sequence[Token], indices: Sequence[int], tokens: Sequence[Token]
    ) -> list[dict[str, Any]]:
        made_of = _made_of(tokens, selection, tokens_shown=selection.options.tokens)
        return [_unit(token, made_of[i]) for token, i in zip(shown, indices, strict=True)]

    return (
        units(view.queries(kind), map.queries, query_side),
        units(view.keys(kind), map.keys, key_side),
    )


def _place(head: Head, weighting: Weighting) -> dict[str, Any]:
    """A head as 3.1; of paths, which go through all heads, the layer up to which they go."""
    return {"layer": head.layer} if weighting in PATHS else {"head": str(head)}


def _unit(token: Token, tokens: list[int]) -> dict[str, Any]:
    return {"text": token.text, "tokens": tokens}
