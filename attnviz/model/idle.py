"""How much of each head's weight moves nothing: of a pack of texts, or while a long one runs.

It is 1 − Σ α ‖f(x)‖ / max ‖f(x)‖, summed over the tokens that are not special: the share of a
token's weight that moves nothing, a weight on the key with the longest value moving all, and half
of one on a key with a value half as long (after Kobayashi et al. 2020, section 4, where [SEP] gets
much weight and a short value).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.model.inputs import Input
from attnviz.model.packs import by_length, in_order
from attnviz.model.value_norms import reduced, value_norms
from attnviz.result import AttentionResult, FloatArray

if TYPE_CHECKING:
    from attnviz.analysis.measures import DoubleArray
    from attnviz.model.model import Model


TOGETHER = 256
"""Tokens from which on values are measured; those of a whole pack leave a core's cache."""


class PackIdle:
    """Keeps how long the values of a pack's texts are, while it runs; its maps are kept anyway."""

    def __init__(self, model: Model, kind: Kind, inputs: Sequence[Input]) -> None:
        self._model, self._kind, self._order = model, kind, by_length(inputs)
        self._inputs = [inputs[number] for number in self._order]
        self._values: list[FloatArray] = []  # of some inputs, in the layer that runs
        self._waiting = 0  # tokens of theirs
        self._norms: list[FloatArray] = []  # (head, key), one input behind the other in each layer

    def visit(self, block: AttentionBlock) -> None:
        """Take the values of one input in one layer, and measure them with those of others."""
        values = block.heads.values
        if block.kind != self._kind or values is None:
            return
        self._values.append(values)
        self._waiting += values.shape[1]
        if self._waiting >= TOGETHER or block.sequence + 1 == len(self._inputs):
            several = replace(block.heads, values=np.concatenate(self._values, axis=1))
            self._norms.append(value_norms(several, _projection(self._model, block)))
            self._values, self._waiting = [], 0

    def of(self, results: Sequence[AttentionResult]) -> list[tuple[DoubleArray, int]]:
        """The sums (layer, head) of each input with its result, and over how many tokens."""
        maps = [results[number].maps[self._kind].weights for number in self._order]
        counts = [_counting(given, self._kind) for given in self._inputs]
        sizes = [weights.shape[-1] for weights in maps]
        moved = np.concatenate(list(map(np.matmul, counts, maps)), axis=-1)  # over queries first
        norms = np.concatenate(self._norms, axis=1).reshape(moved.shape[1], -1, sum(sizes))
        moved *= _relative(norms, sizes).swapaxes(0, 1)
        totals = np.asarray([count.sum() for count in counts])
        starts = [0, *accumulate(sizes[:-1])]
        resting = totals - np.add.reduceat(moved, starts, axis=-1, dtype=np.float64)
        found = zip(np.moveaxis(resting, -1, 0), map(int, totals), strict=True)
        return in_order(self._order, found)


class LongIdle:
    """Adds it up over the blocks of one text that is too long for maps, of any head on any thread.

    ``sums`` float64 (layer, head) are over ``count`` tokens, once ``visit`` has seen all blocks.
    """

    def __init__(self, model: Model, kind: Kind, given: Input) -> None:
        stack = model.spec.encoder if kind == "encoder" else model.spec.decoder
        if stack is None:
            raise RuntimeError(f"the model has no {kind}")
        self._model, self._lock = model, threading.Lock()
        self._counts = _counting(given, kind)
        self._layer, self._output = -1, np.empty((0, 0), np.float32)
        self._norms: dict[int, FloatArray] = {}  # of the layer that runs, by head
        self.count = int(self._counts.sum())
        self.sums = np.zeros((len(stack.layers), stack.layers[0].attention.n_heads))

    def visit(self, block: AttentionBlock, over: FloatArray | None = None) -> None:
        """Add what a block of raw weights, with its values, leaves unmoved.

        ``over`` is Σ w (head, key) over the queries that count, if that is known already.
        """
        counts = self._counts[block.start : block.stop]
        if over is None:
            end = block.stop if block.kind == "decoder" else None  # behind it is 0
            over = counts @ block.weights[:, :, :end]
        for head, weights in enumerate(over, block.head):
            if block.start == 0:
                self._norms[head] = self._measure(block, head)
            moved = weights @ self._norms[head][: len(weights)]
            self.sums[block.layer, head] += counts.sum(dtype=np.float64) - moved

    def _measure(self, block: AttentionBlock, head: int) -> FloatArray:
        """How long the values of a head are (key,), by the longest."""
        with self._lock:
            if block.layer != self._layer:
                self._layer, self._output = block.layer, _projection(self._model, block)
        d_head = self._output.shape[1] // len(block.heads.queries)
        output = self._output[:, head * d_head : (head + 1) * d_head]
        alone = block.heads.part(slice(head, head + 1), slice(None))
        norms = value_norms(alone, output)
        found: FloatArray = _relative(norms, norms.shape[1:])[0]
        return found


def _projection(model: Model, block: AttentionBlock) -> FloatArray:
    """Behind which values are as long as behind the output projection of a block's layer."""
    output = model.attention_weights(block.kind, block.layer).output.weight
    d_head = output.shape[1] // len(block.heads.queries)
    return model.kept(f"{block.kind}.{block.layer}.reduced", partial(reduced, output, d_head))


def _relative(norms: FloatArray, sizes: Sequence[int]) -> FloatArray:
    """Norms (…, head, key) by the longest of each head, of texts with so many keys."""
    starts = [0, *accumulate(sizes[:-1])]
    longest = np.maximum.reduceat(norms, starts, axis=-1)
    longest = np.maximum(longest, np.finfo(np.float32).tiny)
    found: FloatArray = norms / np.repeat(longest, sizes, axis=-1)
    return found


def _counting(given: Input, kind: Kind) -> npt.NDArray[np.float32]:
    """1 for the queries that count, which are no special tokens, and 0 for others."""
    queries = given.tokens if kind == "encoder" else given.target_tokens or given.tokens
    return np.asarray([not token.special for token in queries], np.float32)
