"""How much of each head's weight moves nothing, over texts that are read once and not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.model.inputs import Input
from attnviz.model.value_norms import value_norms

if TYPE_CHECKING:
    from attnviz.model.model import Model

__all__ = ["TITLES", "Idle"]

TITLES = {"idle": "weight that moves nothing"}
PACK_TOKENS = 2048


class Idle:
    """1 − Σ α ‖f(x)‖ / max ‖f(x)‖ of each head, a mean over the tokens that are not special.

    It is the share of a token's weight that moves nothing, a weight on the key with the longest
    value moving all, and half of one on a key with a value half as long (after Kobayashi et al.
    2020, section 4, where [SEP] gets much weight and a short value).
    """

    def __init__(self, model: Model, kind: Kind) -> None:
        stack = model.spec.encoder if kind == "encoder" else model.spec.decoder
        if stack is None:
            raise RuntimeError(f"the model has no {kind}")
        self._model, self._kind = model, kind
        self._layers = tuple(range(len(stack.layers)))
        self._sum = np.zeros((len(stack.layers), stack.layers[0].attention.n_heads))
        self._n = 0
        self._counts: list[npt.NDArray[np.bool_]] = []

    def passing(self, given: Iterable[Input]) -> Iterator[Input]:
        """The same inputs; each has been measured when all are through."""
        pack: list[Input] = []
        for one in given:
            pack.append(one)
            if sum(len(each.tokens) for each in pack) >= PACK_TOKENS:
                self._read(pack)
                pack = []
            yield one
        if pack:
            self._read(pack)

    def shares(self) -> npt.NDArray[np.float64]:
        """The share of each head, float64 (layer, head); NaN without any token."""
        return self._sum / self._n if self._n else np.full_like(self._sum, np.nan)

    def _read(self, pack: list[Input]) -> None:
        self._counts = [self._counting(one) for one in pack]
        self._n += sum(int(counts.sum()) for counts in self._counts)
        self._model.watch(pack, self._visit, layers={self._kind: self._layers}, values=True)

    def _counting(self, given: Input) -> npt.NDArray[np.bool_]:
        """Which queries count: those that are no special tokens."""
        target = given.target_tokens or given.tokens
        queries = given.tokens if self._kind == "encoder" else target
        return np.asarray([not token.special for token in queries], np.bool_)

    def _visit(self, block: AttentionBlock) -> None:
        norms = value_norms(
            block.heads, self._model.attention_weights(block.kind, block.layer).output.weight
        )
        longest = np.maximum(norms.max(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
        moved = np.einsum("hqk,hk->hq", block.weights, norms / longest)
        counts = self._counts[block.sequence][block.start : block.stop]
        self._sum[block.layer] += (1 - moved[:, counts]).sum(axis=-1, dtype=np.float64)
