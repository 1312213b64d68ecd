"""What is chosen to be shown of one result; worked out when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from attnviz.analysis.answers import Excluded, MatrixView, WordAttention
from attnviz.analysis.ask import Place, ask, find_word, who
from attnviz.analysis.choose import default_kind, head_matrix, mean_matrix, most_telling
from attnviz.analysis.claims import Claim, claims_about, pronoun_claims
from attnviz.analysis.labels import Known, Label, are_of
from attnviz.analysis.links import strongest_links
from attnviz.analysis.paths import PATHS
from attnviz.analysis.specificity import HeadStatistics, head_statistics
from attnviz.analysis.view import View, make_view, select_heads
from attnviz.analysis.words import tokens_of_words
from attnviz.errors import UnknownWord
from attnviz.result import AttentionMap, AttentionResult, Head, Link, Token


class Choices(Protocol):
    """What to look at: named heads, a layer's mean, the mean of all, or the head that says most.

    ``every_head`` shows the grid of all, ``ask`` where words look and ``who`` who looks at them;
    ``map`` is one of several maps;
    ``tokens`` instead of words, and ``no_special`` without special tokens; ``by`` "word" lets
    documents carry words.
    """

    @property
    def layer(self) -> int | None: ...
    @property
    def mean(self) -> bool: ...
    @property
    def every_head(self) -> bool: ...
    @property
    def map(self) -> str | None: ...
    @property
    def tokens(self) -> bool: ...
    @property
    def no_special(self) -> bool: ...
    @property
    def ask(self) -> Sequence[str] | None: ...
    @property
    def who(self) -> Sequence[str] | None: ...
    @property
    def by(self) -> str | None: ...

    def named_heads(self) -> tuple[Head, ...]:
        """The heads asked for by name, in their order; none where none was."""


class Selection:
    """One result as the choices show it, confined to the layer or heads asked for."""

    def __init__(
        self, result: AttentionResult, options: Choices, known: Known | None = None
    ) -> None:
        self.heads = options.named_heads()
        self._shapes = {kind: map.weights.shape[:2] for kind, map in result.maps.items()}
        self.result = select_heads(result, layer=options.layer, heads=self.heads)
        self.options, self._known = options, known
        self._statistics_of: dict[str, HeadStatistics] = {}

    @cached_property
    def view(self) -> View:
        """The result by words or tokens, with or without special tokens."""
        return make_view(
            self.result, words=not self.options.tokens, special=not self.options.no_special
        )

    @cached_property
    def document(self) -> AttentionResult:
        """What documents carry: tokens unless words were asked for, and what is not hidden."""
        by_word = self.options.by == "word"
        if not by_word and not self.options.no_special:
            return self.result
        return make_view(self.result, words=by_word, special=not self.options.no_special).result

    @cached_property
    def kind(self) -> str:
        """Which of the result's maps is shown."""
        if self.options.map is None:
            return default_kind(self.view)
        self.view.map(self.options.map)
        return self.options.map

    @property
    def map(self) -> AttentionMap:
        """All heads of the map that is shown."""
        return self.view.map(self.kind)

    @property
    def shape(self) -> tuple[int, int]:
        """How many layers and heads the model has where the map is shown, as far as known."""
        model, whole = self.result.model, self._shapes[self.kind]
        known = (
            (model.n_target_layers, model.n_target_heads)
            if self.kind != "encoder" and self.result.target_tokens
            else (model.n_layers, model.n_heads)
        )
        return known[0] or whole[0], known[1] or whole[1]

    @property
    def axes(self) -> tuple[Sequence[Token], Sequence[Token]]:
        """The units along both axes of the map that is shown."""
        return self.view.queries(self.kind), self.view.keys(self.kind)

    @cached_property
    def matrices(self) -> list[MatrixView]:
        """What to show: each head asked for, a mean, or the head that says most about words."""
        if self.heads:
            return [self._head_matrix(head) for head in self.heads]
        pooled = self.result.weighting == "pooled"  # whose blocks are no words to choose a head by
        if self.options.mean or self.options.layer is not None or pooled:
            return [mean_matrix(self.view, self.kind)]
        if self.result.weighting in PATHS:  # of which the last layer has the whole
            return [self._head_matrix(self.map.all_heads()[-1])]
        choice = most_telling(self.view, self.kind, self._statistics(self.kind))
        return [replace(self._head_matrix(choice.head), choice=choice)]

    @cached_property
    def links(self) -> list[Link]:
        """The strongest links between words, over all heads there are; none between blocks."""
        if self.result.weighting == "pooled":
            return []
        return strongest_links(self.view, self.kind, self._statistics(self.kind))

    @property
    def links_behind(self) -> int:
        """How many of the links, which are the last, distance alone explains."""
        if not self.links:
            return 0
        behind = self._statistics(self.kind).behind
        return sum(bool(behind[link.query, link.key]) for link in self.links)

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """What does not count as a link between words; nothing does between blocks."""
        if self.result.weighting == "pooled":
            return ()
        return self._statistics(self.kind).excluded

    @cached_property
    def answers(self) -> list[WordAttention]:
        """Where each word asked for looks, then who looks at each asked for."""
        asked = [self._answer(word, ask) for word in self.options.ask or ()]
        said = [replace(answer, claims=self._claims_about(answer)) for answer in asked]
        return said + [self._answer(word, who) for word in self.options.who or ()]

    @cached_property
    def claims(self) -> list[Claim]:
        """What the pronouns of a short text refer to, where the model has a lens for it."""
        return pronoun_claims(self.result, self._known) if self._known else []

    @property
    def labels(self) -> Mapping[Head, Sequence[Label]]:
        """What the heads of the map that is shown were found to do, where they were asked."""
        return self._labels_of(self.kind)

    @property
    def hidden(self) -> float:
        """The mean share of a row's weight that goes to what is not shown."""
        return float(self.view.hidden[self.kind].mean())

    @property
    def name(self) -> str:
        """What the result is about: its text or, without one, its model."""
        return " / ".join(self.result.texts) or self.result.model.name

    def _head_matrix(self, head: Head) -> MatrixView:
        return replace(head_matrix(self.view, self.kind, head), labels=self.labels.get(head, ()))

    def _labels_of(self, kind: str) -> Mapping[Head, Sequence[Label]]:
        ours = are_of(self.result.model, kind, self.result.weighting)
        return self._known.labels if self._known and ours else {}

    def _answer(self, word: str, how: Callable[..., WordAttention]) -> WordAttention:
        kind, place = self._find(word, View.queries if how is ask else View.keys)
        answer = how(self.view, kind, self._statistics(kind), place, every=bool(self.heads))
        labels = self._labels_of(kind)
        found = {head: labels[head] for head in answer.heads if head in labels}
        return replace(answer, text=self.name, labels=found)

    def _find(self, word: str, side: Callable[[View, str], Sequence[Token]]) -> tuple[str, Place]:
        """The map that has a word on this side: the one shown or, unless asked for, another."""
        kinds = [self.kind] if self.options.map else [self.kind, *self.view.result.maps]
        for kind in kinds:
            with suppress(UnknownWord):
                return kind, find_word(side(self.view, kind), word)
        return self.kind, find_word(side(self.view, self.kind), word)  # which refuses

    def _claims_about(self, answer: WordAttention) -> tuple[Claim, ...]:
        """What lenses say of the word that an answer is about."""
        first = next(iter(self.result.maps))
        if self._known is None or answer.kind != first:
            return ()
        unit = self.view.map(first).queries[answer.position]
        units = tokens_of_words(self.result.tokens)
        if self.options.tokens:
            unit = next(i for i, tokens in enumerate(units) if unit in tokens)
        return tuple(claims_about(self.result, self._known, unit))

    def _statistics(self, kind: str) -> HeadStatistics:
        if kind not in self._statistics_of:
            self._statistics_of[kind] = head_statistics(self.view, kind)
        return self._statistics_of[kind]
