"""Text that a model writes: the most likely token again and again, or several beams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.hooks import AttentionBlock, Ids, Request
from attnviz.core.key_value_cache import KeyValueCache
from attnviz.core.logits import logits
from attnviz.core.spec import AttentionSpec, Disentangled, ModelSpec, StackSpec
from attnviz.core.transformer import run
from attnviz.core.weights import Weights
from attnviz.errors import BadCheckpoint, InputError, UnsupportedModel
from attnviz.model.beam_search import beam_search
from attnviz.model.guess import guess
from attnviz.model.record import require_numbers
from attnviz.model.rules import Rules

__all__ = ["Rules", "Writer", "can_remember"]


GROWS_BEHIND = {
    "dynamic": "max_position_embeddings",
    "longrope": "original_max_position_embeddings",
}
"""Rotary scalings that turn all tokens anew once there are more than so many."""


def _ignore(_: AttentionBlock) -> None:
    """Nobody looks at the attention while text is written."""


NOTHING = Request({}, _ignore, hidden=True)


@dataclass(frozen=True, slots=True)
class Writer:
    """A model that writes, by its rules: greedily, or with several ``beams``."""

    spec: ModelSpec
    weights: Weights
    rules: Rules
    beams: int = 1

    def continued(self, ids: IntArray, n: int) -> IntArray:
        """The ids and up to n more, until the model stops; the stop is there."""
        self._require_head()
        return self._search(_Steps(self, self._past(len(ids) + n)), ids, n)

    def target(self, ids: IntArray, n: int, start: int | None = None) -> IntArray:
        """The decoder's ids for a source: its start token and up to n more, without a stop."""
        self._require_head()
        first = np.asarray([require_start(self.rules, start)])
        empty = [Ids(ids, target_ids=first)]
        memory = run(self.spec, self.weights, empty, NOTHING).encoder
        written = self._search(_Steps(self, self._past(1 + n), ids, memory), first, n)
        stopped = len(written) > 1 and int(written[-1]) in self.rules.stops
        return written[:-1] if stopped else written

    def _search(self, scorer: _Steps, ids: IntArray, n: int) -> IntArray:
        if self.beams > 1:
            return beam_search(scorer.behind, ids, self.rules, n, self.beams)
        return greedy(scorer.along, ids, self.rules, n)

    def _past(self, n: int) -> KeyValueCache | None:
        stack = self.spec.decoder
        return KeyValueCache() if stack and can_remember(stack, n) else None

    def _require_head(self) -> None:
        self.rules.require_honoured()
        if self.spec.head is None or self.spec.decoder is None:
            raise InputError("this model reads but writes no text, so it has nothing to generate")
        if not self.weights.has("head.weight"):
            raise BadCheckpoint("the checkpoint has no output head, so it cannot write text")


@dataclass(slots=True)
class _Steps:
    """Scores of what may follow; without a cache, every text is read anew each time."""

    writer: Writer
    past: KeyValueCache | None
    source: IntArray | None = None
    memory: tuple[FloatArray, ...] = field(default_factory=tuple)

    def behind(self, texts: Sequence[IntArray], parents: Sequence[int]) -> FloatArray:
        """Logits (text, vocabulary) behind texts that each continue one of the call before."""
        if self.past and self.past.n_read:
            self.past.select(parents)
        return self._logits(np.stack([states[-1] for states in self._read(texts)]))

    def along(self, ids: IntArray, guessed: IntArray) -> FloatArray:
        """Logits (1 + guessed, vocabulary) behind ids, and behind each guess with those before it.

        Guesses that did not come true are forgotten by the next call.
        """
        if self.past:
            self.past.n_read = min(self.past.n_read, len(ids) - 1)
        (states,) = self._read([np.append(ids, guessed)])
        return self._logits(states[-1 - len(guessed) :])

    def _read(self, texts: Sequence[IntArray]) -> tuple[FloatArray, ...]:
        """The decoder's hidden states of the tokens not read before."""
        model, source = self.writer, self.source
        given = [Ids(t) if source is None else Ids(source, target_ids=t) for t in texts]
        return run(
            model.spec,
            model.weights,
            given,
            NOTHING,
            memory=self.memory * len(texts),
            past=self.past,
        ).decoder

    def _logits(self, hidden: FloatArray) -> FloatArray:
        """What every token scores behind these hidden states (text, d), as (text, vocabulary)."""
        head = self.writer.spec.head
        if head is None:
            raise InputError("this model writes no text")
        with np.errstate(over="ignore", invalid="ignore"):
            scores = logits(head, self.writer.weights, hidden)
        require_numbers(finite=bool(np.isfinite(scores).all()))
        return scores


def greedy(
    along: Callable[[IntArray, IntArray], FloatArray], ids: IntArray, rules: Rules, n: int
) -> IntArray:
    """The ids and up to n more, each the most likely behind those before it.

    ``along`` gives logits behind ids and each of the tokens guessed behind them, which are kept as
    far as each is the most likely one: they are read together, in little more time than one.
    """
    n_given, end = len(ids), len(ids) + n
    while len(ids) < end:
        guessed = guess(ids, 0 if rules.no_repeat else end - len(ids) - 1)
        for scores, expected in zip(along(ids, guessed), (*guessed, None), strict=True):
            following = rules.next(scores, ids, n_given, last=len(ids) + 1 == end)
            ids = np.append(ids, following)
            if following in rules.stops:
                return ids
            if following != expected:
                break
    return ids


def can_remember(stack: StackSpec, n: int) -> bool:
    """Whether no token of n changes what the tokens before it were."""
    return stack.convolution is None and all(
        _can_remember(layer.attention, n) for layer in stack.layers
    )


def _can_remember(spec: AttentionSpec, n: int) -> bool:
    if spec.right != 0 or isinstance(spec.bias, Disentangled):
        return False
    bound = spec.rotary and spec.rotary.scaling.get(GROWS_BEHIND.get(spec.rotary.kind, ""))
    return not isinstance(bound, int | float) or n <= bound


def require_start(rules: Rules, start: int | None = None) -> int:
    """The token a decoder starts from."""
    found = rules.start if start is None else start
    if found is None:
        raise UnsupportedModel(
            "neither generation_config.json nor config.json has a decoder_start_token_id; "
            "give target_ids that begin with it"
        )
    return found
