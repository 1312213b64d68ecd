"""What a run showed of one head and one token: all that a walk through them is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.core.attention import Heads
from attnviz.core.buffers import FloatArray
from attnviz.core.hooks import Kind
from attnviz.core.spec import AttentionSpec, EmbeddingSpec, LayerSpec
from attnviz.core.weights import AttentionWeights, LayerWeights, StackWeights
from attnviz.result import Head, ModelInfo, Token


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """How the token came into its stack: rows of the tables, each float32 (width,).

    ``token`` is as it is stored; ``position`` and ``type`` are None where the model adds none.
    ``states`` float32 (d_model,) is what goes into the first layer.
    """

    spec: EmbeddingSpec
    tensors: StackWeights
    id: int
    token: FloatArray
    position: FloatArray | None
    position_id: int | None
    type: FloatArray | None
    type_id: int | None
    states: FloatArray

    __repr__ = brief


@dataclass(frozen=True, slots=True, eq=False)
class RecordedHead:
    """One head of one layer as it ran, and token ``query`` whose row is looked at.

    ``states`` are the layer's hidden states float32 (token, d_model), by the names of
    ``core.hooks.LayerState``; ``memory`` (key, d_model) is what cross attention reads. ``heads``
    are those of the whole layer, their queries scaled; ``attention`` (head, key) and ``contexts``
    (head, d_head) are the token's. ``table`` is the stack's, for score biases.
    """

    kind: Kind
    head: Head
    query: int
    tokens: Sequence[Token]
    keys: Sequence[Token]
    model: ModelInfo
    layer: LayerSpec
    weights: LayerWeights
    embedded: Embedded
    states: Mapping[str, FloatArray]
    heads: Heads
    attention: FloatArray
    contexts: FloatArray
    memory: FloatArray | None = None
    table: FloatArray | None = None

    __repr__ = brief

    @property
    def spec(self) -> AttentionSpec:
        """The attention that the head belongs to."""
        crossing = self.layer.cross if self.kind == "cross" else None
        return crossing or self.layer.attention

    @property
    def projections(self) -> AttentionWeights:
        """The weights of that attention."""
        crossing = self.weights.cross if self.kind == "cross" else None
        return crossing or self.weights.attention

    @property
    def sublayer(self) -> str:
        """How the sublayer's hidden states are named: "attention" or "cross"."""
        return "cross" if self.kind == "cross" else "attention"

    @property
    def masked(self) -> npt.NDArray[np.bool_]:
        """Which keys an attention mask hides, bool (key,)."""
        return np.asarray([token.masked for token in self.keys], bool)

    @property
    def key_head(self) -> int:
        """The head whose keys and values this one reads; several share one in groups."""
        return self.head.head // (self.spec.n_heads // self.spec.n_kv_heads)
