"""How much of each head's weight moves nothing, seen as the weights of a few texts are computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.core.threads import ALONE, Sharing, even
from attnviz.model.inputs import Input
from attnviz.model.value_norms import reduced, value_norms
from attnviz.result import FloatArray

if TYPE_CHECKING:
    from attnviz.model.model import Model


TITLES = {"idle": "weight that moves nothing"}


class Idle:
    """1 − Σ α ‖f(x)‖ / max ‖f(x)‖ of each head, summed over the tokens that are not special.

    It is the share of a token's weight that moves nothing, a weight on the key with the longest
    value moving all, and half of one on a key with a value half as long (after Kobayashi et al.
    2020, section 4, where [SEP] gets much weight and a short value). ``sums`` float64 (input,
    layer, head) are over ``counts`` tokens of each, once ``visit`` has seen all blocks.
    """

    def __init__(
        self, model: Model, kind: Kind, inputs: Sequence[Input], sharing: Sharing = ALONE
    ) -> None:
        stack = model.spec.encoder if kind == "encoder" else model.spec.decoder
        if stack is None:
            raise RuntimeError(f"the model has no {kind}")
        self._model, self._kind, self._sharing = model, kind, sharing
        self._counts = [_counting(one, kind) for one in inputs]
        self._n_keys = sum(len(one.tokens) for one in inputs)
        self._layer, self._output = -1, np.empty((0, 0), np.float32)
        self._norms: dict[tuple[int, int], FloatArray] = {}  # of a layer and sequence, the last
        self.counts = [int(counts.sum()) for counts in self._counts]
        shape = len(inputs), len(stack.layers), stack.layers[0].attention.n_heads
        self.sums = np.zeros(shape)

    def visit(self, block: AttentionBlock) -> None:
        """Add what a block of raw weights, with its values, leaves unmoved."""
        if block.kind != self._kind:
            return
        norms = self._relative_norms(block)
        counts = self._counts[block.sequence][block.start : block.stop]
        end = block.stop if block.kind == "decoder" else norms.shape[1]  # all behind it is 0

        def add(heads: slice) -> None:
            """Σ over queries first, then over keys."""
            moved = np.vecdot(counts @ block.weights[heads, :, :end], norms[heads, :end])
            found = counts.sum(dtype=np.float64) - moved
            self.sums[block.sequence, block.layer, heads] += found

        self._sharing.each(add, even(len(norms), self._sharing.cores))

    def _relative_norms(self, block: AttentionBlock) -> FloatArray:
        """‖f(x)‖ / max ‖f(x)‖ (head, key), the same for all blocks of a sequence in a layer."""
        at = block.layer, block.sequence
        if at not in self._norms:
            norms = value_norms(block.heads, self._projection(block))
            norms /= np.maximum(norms.max(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
            self._norms = {at: norms}
        return self._norms[at]

    def _projection(self, block: AttentionBlock) -> FloatArray:
        """The output projection of a layer or, where that pays, one of the same norms."""
        if block.layer != self._layer:
            output = self._model.attention_weights(block.kind, block.layer).output.weight
            values = block.heads.values
            d_head = self._n_keys if values is None else values.shape[-1]
            pays = self._n_keys > 4 * d_head
            self._layer, self._output = block.layer, reduced(output, d_head) if pays else output
        return self._output


def _counting(given: Input, kind: Kind) -> npt.NDArray[np.float32]:
    """1 for the queries that count, which are no special tokens, and 0 for others."""
    queries = given.tokens if kind == "encoder" else given.target_tokens or given.tokens
    return np.asarray([not token.special for token in queries], np.float32)
