"""Running a model with links cut before the softmax, or with heads that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz.analysis.cuts import Cut, Prediction, divergence
from attnviz.analysis.words import tokens_of_words
from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.core.logits import logits
from attnviz.errors import InputError
from attnviz.model.inputs import Input
from attnviz.result import AttentionMap, FloatArray

if TYPE_CHECKING:
    from attnviz.model.model import Model


PACK_TOKENS = 4096
"""How many tokens are run together; each cut runs the text anew."""

SAID = 3
"""How many of the likeliest next tokens are told."""


class Cutter:
    """One text in one model, to be run again with anything cut."""

    def __init__(self, model: Model, given: Input) -> None:
        if model.has_target:
            raise InputError(f"{model.info.name} has two stacks; cut is for models with one")
        self._model, self._given = model, given
        self._kind = model.spec.stacks[0].kind
        self._words = tokens_of_words(given.tokens)
        self.n_words = len(self._words)

    def vectors(self, cuts: Sequence[Cut]) -> list[FloatArray]:
        """The final vectors of all words (word, d) under each cut, the mean over their tokens."""
        return [self._of_words(states) for states in self._states(cuts)]

    def weights(self, cut: Cut) -> AttentionMap:
        """All weights between tokens as they are under a cut."""
        stack, n = self._model.spec.stacks[0], len(self._given.tokens)
        kept = np.empty((len(stack.layers), stack.layers[0].attention.n_heads, n, n), np.float32)

        def keep(block: AttentionBlock) -> None:
            kept[block.layer, :, block.start : block.stop] = block.weights

        layers: dict[Kind, tuple[int, ...]] = {self._kind: tuple(range(len(stack.layers)))}
        edit = _Edit([cut], self._words)
        self._model.watch([self._given], keep, layers=layers, edit=edit.apply)
        return AttentionMap(kept)

    def prediction(self, cut: Cut) -> Prediction | None:
        """What the model says next with and without a cut; None where it writes no text."""
        head = self._model.spec.head
        if head is None or self._kind != "decoder":
            return None
        states = [one[-1] for one in self._states([Cut(()), cut])]
        scores = logits(head, self._model.weights, np.stack(states)).astype(np.float64)
        logs = scores - scores.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        return Prediction(divergence(*scores), *(self._likeliest(one) for one in logs))

    def _likeliest(self, logs: npt.NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
        """The likeliest next tokens and their probabilities, from the logarithms of all."""
        best = np.argsort(-logs, kind="stable")[:SAID]
        decode = self._model.tokenizer.decode
        return tuple((decode([int(i)], skip_special=False), float(np.exp(logs[i]))) for i in best)

    def _states(self, cuts: Sequence[Cut]) -> list[FloatArray]:
        model, at_once = self._model, max(1, PACK_TOKENS // len(self._given.tokens))
        found: list[FloatArray] = []
        for start in range(0, len(cuts), at_once):
            some = cuts[start : start + at_once]
            edit = _Edit(some, self._words)
            found += model.states([self._given] * len(some), edit.apply)
        return found

    def _of_words(self, states: FloatArray) -> FloatArray:
        return np.stack([states[tokens].mean(axis=0) for tokens in self._words])


class _Edit:
    """Sets scores to -inf where something is cut, each sequence by a cut of its own.

    A head of which no score is left gives no weight at all, which silences it.
    """

    def __init__(self, cuts: Sequence[Cut], words: Sequence[Sequence[int]]) -> None:
        self._words = words
        self._of: dict[tuple[int, int], list[tuple[int, Cut]]] = {}
        for sequence, cut in enumerate(cuts):
            for head in cut.heads:
                self._of.setdefault((sequence, head.layer), []).append((head.head, cut))

    def apply(self, block: AttentionBlock) -> None:
        """Edit the scores (head, query, key) of a block before its softmax."""
        for head, cut in self._of.get((block.sequence, block.layer), ()):
            if cut.query is None or cut.key is None:
                block.weights[head] = -np.inf
                continue
            keys = list(self._words[cut.key])
            for query in self._words[cut.query]:
                if block.start <= query < block.stop:
                    block.weights[head, query - block.start, keys] = -np.inf
