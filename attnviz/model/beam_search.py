"""Beam search: of several texts at a time, the most likely continuations (Graves 2012, alg. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from attnviz.brief import brief
from attnviz.core.buffers import FloatArray, IntArray
from attnviz.model.rules import Rules


class Scorer(Protocol):
    """What scores the tokens that may follow."""

    def __call__(self, texts: Sequence[IntArray], parents: Sequence[int]) -> FloatArray:
        """Logits (text, vocabulary) behind texts that are equally long.

        Each continues by one token the text of the call before whose number is in ``parents``.
        """


class Hypothesis(NamedTuple):
    """What was written so far, given tokens included, and its summed log-probability."""

    ids: IntArray
    score: float
    parent: int = 0

    def __repr__(self) -> str:
        return brief(self)


@dataclass(frozen=True, slots=True)
class _Search:
    """What one search keeps to: its rules, and how many beams and new tokens there are at most."""

    rules: Rules
    beams: int
    n: int
    n_given: int

    def follow(
        self, running: Sequence[Hypothesis], logits: FloatArray, *, last: bool
    ) -> list[Hypothesis]:
        """The best continuations by one token, best first: enough that some go on after a stop."""
        scores = _log_softmax(logits)
        for row, text in zip(scores, running, strict=True):
            self.rules.apply(row, text.ids, self.n_given, last=last)
            row += np.float32(text.score)
        count = max(2, 1 + len(self.rules.stops)) * self.beams
        found = [
            (scores.flat[place], *divmod(int(place), scores.shape[1]))
            for place in _highest(scores.ravel(), count)
        ]
        return [
            Hypothesis(np.append(running[parent].ids, token), float(score), parent)
            for score, parent, token in found
            if score > -np.inf
        ]

    def ended(self, found: Sequence[Hypothesis], written: int) -> list[Hypothesis]:
        """Those of the best that end here, by their score per token (Wu et al. 2016, eq. 14)."""
        length = written**self.rules.length_penalty
        best = found[: self.beams]
        return [text._replace(score=text.score / length) for text in best if self.ends(text)]

    def ends(self, text: Hypothesis) -> bool:
        """Whether nothing may follow."""
        full = len(text.ids) == self.n_given + self.n
        return full or int(text.ids[-1]) in self.rules.stops

    def over(
        self, running: Sequence[Hypothesis], finished: Sequence[Hypothesis], written: int
    ) -> bool:
        """Whether no running text is expected to become better than those that ended."""
        if not running:
            return True
        if len(finished) < self.beams:
            return False
        if self.rules.early_stopping is True:
            return True
        longest = self.rules.early_stopping == "never" and self.rules.length_penalty > 0
        length: float = (self.n if longest else written) ** self.rules.length_penalty
        return running[0].score / length <= finished[-1].score


def beam_search(scorer: Scorer, ids: IntArray, rules: Rules, n: int, beams: int) -> IntArray:
    """The ids and up to n more: the best of ``beams`` texts that ended, a stop at its end.

    ``rules.length_penalty`` and ``early_stopping`` mean what they mean in generation_config.json.
    """
    search = _Search(rules, beams, n, len(ids))
    running, finished = [Hypothesis(ids, 0.0)], list[Hypothesis]()
    for written in range(1, n + 1):
        logits = scorer([text.ids for text in running], [text.parent for text in running])
        found = search.follow(running, logits, last=written == n)
        finished += search.ended(found, written)
        finished = sorted(finished, key=lambda text: -text.score)[:beams]
        running = [text for text in found if not search.ends(text)][:beams]
        if search.over(running, finished, written):
            break
    return finished[0].ids if finished else ids


def _highest(scores: FloatArray, n: int) -> IntArray:
    """Where the n highest are, highest first, of equal ones the first."""
    some = np.argpartition(-scores, n)[:n] if n < len(scores) else np.arange(len(scores))
    some.sort()
    return some[np.argsort(-scores[some], kind="stable")]


def _log_softmax(logits: FloatArray) -> FloatArray:
    """log softmax over the vocabulary, (text, vocabulary)."""
    shifted: FloatArray = logits - logits.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted
