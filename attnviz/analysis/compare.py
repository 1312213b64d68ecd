"""Two results laid on each other word by word: what one head, or its match, does otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.analysis.answers import MatrixView
from attnviz.analysis.labels import Label
from attnviz.analysis.words import is_word, merge_words
from attnviz.brief import brief, word
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, FloatArray, Head, Token
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure


Labels = Mapping[Head, Sequence[Label]]


class Pair(NamedTuple):
    """A head of the first result and the one of the second that it is compared with."""

    first: Head
    second: Head

    @property
    def name(self) -> str:
        """``head 3.1``, or ``heads 3.1 and 2.4``."""
        same = self.first == self.second
        return f"head {self.first}" if same else f"heads {self.first} and {self.second}"


class Change(NamedTuple):
    """One link that changed: its places among the aligned words, and both weights."""

    pair: Pair
    query: int
    key: int
    before: float
    after: float

    def __repr__(self) -> str:
        return brief(self)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(ShownAsPage):
    """Weights of both results between the words that both have.

    ``before`` and ``after`` are float32 (pair, query, key); ``words`` are those of the first
    result, ``others`` those of the second. Weight on words that only one has is left out.
    ``models`` and ``texts`` are what was compared, ``labels`` what their heads are called; ``head``
    is the one of the first result that is shown, None for the one that changes most.
    """

    pairs: tuple[Pair, ...]
    words: tuple[Token, ...]
    others: tuple[Token, ...]
    before: FloatArray
    after: FloatArray
    models: tuple[str, str] = ("", "")
    texts: tuple[str, str] = ("", "")
    head: Head | None = None
    labels: tuple[Labels, Labels] = ({}, {})

    def __repr__(self) -> str:
        changes = self.changes(1)
        if not changes:
            return f"<Comparison of {len(self.words)} words in {len(self.pairs)} heads: all alike>"
        pair, query, key, before, after = changes[0]
        link = f"{word(self.both[query].text)} → {word(self.both[key].text)}"
        return f"<Comparison: {link} {before:.2f} → {after:.2f} in {pair.name}>"

    def figure(self, **style: Any) -> Figure:
        """What changes in the head shown, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or what changes (.json)."""
        display().save(self, path, **style)

    def changes(self, n: int = 10) -> list[Change]:
        """The links between words that changed most, in any head; each pair of words once."""
        size = np.abs(self.after - self.before)
        counts = [is_word(word) for word in self.words]
        size[:, ~np.logical_and.outer(counts, counts)] = 0
        best = size.max(axis=0)
        order = np.argsort(-best, axis=None, kind="stable")[:n].tolist()
        found = []
        for at in order:
            query, key = divmod(at, len(self.words))
            one = int(size[:, query, key].argmax())
            before, after = (float(side[one, query, key]) for side in (self.before, self.after))
            if best[query, key] > 0:
                found.append(Change(self.pairs[one], query, key, before, after))
        return found

    @property
    def both(self) -> list[Token]:
        """The words of both texts, ``big/small`` where they differ."""
        return list(map(_in_both, self.words, self.others))

    def matrix(self, head: Head | None = None) -> MatrixView:
        """What changes in one head of the first result, or in the one shown.

        InputError for a head that is not there or has no match.
        """
        return self.matrices(head)[-1]

    def matrices(self, head: Head | None = None) -> tuple[MatrixView, MatrixView, MatrixView]:
        """The first map, the second, and the second minus the first, as ``matrix`` chooses."""
        at = self._place(head)
        pair, alike = self.pairs[at], self.models[0] == self.models[1]
        return (
            MatrixView(self.before[at], self.words, self.words, f"first, head {pair.first}"),
            MatrixView(self.after[at], self.others, self.others, f"second, head {pair.second}"),
            MatrixView(
                weights=self.after[at] - self.before[at],
                queries=self.both,
                keys=self.both,
                title=f"{pair.name}, second minus first",
                heads=(pair.first,),
                signed=True,
                labels=self.labels[0].get(pair.first, ()) if alike else (),
            ),
        )

    def pair(self, head: Head | None = None) -> Pair:
        """The heads that ``matrix`` shows."""
        return self.pairs[self._place(head)]

    def _place(self, head: Head | None) -> int:
        head = head or self.head
        if head is None:
            return int(np.abs(self.after - self.before).mean(axis=(1, 2)).argmax())
        at = next((i for i, pair in enumerate(self.pairs) if pair.first == head), None)
        if at is None:
            raise InputError(f"there is no head {head} to compare; take one of the first model")
        return at


def compare(
    first: AttentionResult, second: AttentionResult, head: Head | None = None
) -> Comparison:
    """Lay two results on each other, word by word, each head on its match.

    Of one model a head's match is itself. Else heads are matched one to one so that the sum of the
    cosines of their weights is largest (Kuhn 1955; needs SciPy). ``head`` is the one of the first
    to show. InputError where the texts have no word in common, and for a head that is not there.
    """
    one, two = merge_words(first), merge_words(second)
    kind = next(iter(one.maps))
    if kind not in two.maps or kind == "cross":
        raise InputError("these two have no attention of the same kind to compare")
    places = align_words(one.tokens, two.tokens)
    if not any(is_word(one.tokens[i]) for i, _ in places):
        raise InputError("these texts have no word in common, so there is nothing to compare")
    at, to = (list(side) for side in zip(*places, strict=True))
    before, after = _flat(one.maps[kind], at), _flat(two.maps[kind], to)
    heads, others = one.maps[kind].all_heads(), two.maps[kind].all_heads()
    if first.model.name == second.model.name and heads == others:
        order = list(range(len(heads)))
        rows = order
    else:
        rows, order = _matched(before, after)
    pairs = tuple(Pair(heads[i], others[j]) for i, j in zip(rows, order, strict=True))
    found = Comparison(
        pairs,
        tuple(one.tokens[i] for i in at),
        tuple(two.tokens[i] for i in to),
        before[rows],
        after[order],
        (first.model.name, second.model.name),
        (" / ".join(first.texts), " / ".join(second.texts)),
        head,
    )
    found.pair(head)  # which has to be there
    return found


def align_words(first: Sequence[Token], second: Sequence[Token]) -> list[tuple[int, int]]:
    """Which words of two texts are one: those written alike, and one in the place of another."""
    one, two = ([(w.special, w.text.casefold()) for w in side] for side in (first, second))
    found: list[tuple[int, int]] = []
    for what, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if what == "equal" or (what == "replace" and b - a == d - c):
            found += zip(range(a, b), range(c, d), strict=True)
    return found


def _flat(map: AttentionMap, at: Sequence[int]) -> FloatArray:
    """Weights (head, query, key) of these words."""
    part = map.select(queries=at, keys=at).weights
    return part.reshape(-1, *part.shape[2:])


def _matched(before: FloatArray, after: FloatArray) -> tuple[list[int], list[int]]:
    """The best one-to-one matching of heads, by the cosine of their weights."""
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise InputError(
            "matching heads needs SciPy; install it with pip install 'attnviz[fit]'"
        ) from None
    one, two = (_unit(side.reshape(len(side), -1)) for side in (before, after))
    rows, columns = linear_sum_assignment(-(one @ two.T))
    return rows.tolist(), columns.tolist()


def _unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    found = rows.astype(np.float64)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-30))


def _in_both(one: Token, two: Token) -> Token:
    unknown = one.unknown or two.unknown
    if one.text.casefold() == two.text.casefold():
        return replace(one, unknown=unknown)
    return Token(f"{one.text}/{two.text}", unknown=unknown)
