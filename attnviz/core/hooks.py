"""What goes into a run, what is requested of it, and what it shows and lets be edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from attnviz.core.attention import Heads
from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.spec import ModelSpec

Kind = Literal["encoder", "decoder", "cross"]


@dataclass(frozen=True, slots=True, eq=False)
class Ids:
    """One input: ids int64 (token,), their types, and the decoder's ids where there are two."""

    ids: IntArray
    types: IntArray | None = None
    target_ids: IntArray | None = None
    mask: IntArray | None = None  # 0 for ids that no convolution reads; edits hide their scores

    def into(self, stack: str, spec: ModelSpec) -> IntArray:
        """The ids that go into a stack: a decoder behind an encoder reads the target."""
        if stack == "encoder" or spec.encoder is None:
            return self.ids
        return np.empty(0, np.int64) if self.target_ids is None else self.target_ids


@dataclass(frozen=True, slots=True, eq=False)
class AttentionBlock:
    """One block of queries of one layer, as it is computed; the arrays die with the call.

    ``weights`` is float32 (head, query, key), the queries from ``start`` to ``stop``; in an edit,
    the scores before the softmax. ``heads`` has the scaled queries, keys and values of the whole
    sequence; ``context`` (head, query, d_head) is what these queries take of the values, or None
    where that is not needed. ``finite``: no score left float32, as far as one had to look.
    ``head`` is the number of the first head.
    """

    kind: Kind
    layer: int
    sequence: int
    start: int
    stop: int
    weights: FloatArray
    heads: Heads
    finite: bool = True
    context: FloatArray | None = None
    head: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LayerState:
    """Hidden states (token, d_model) of one sequence inside one layer; they die with the call.

    ``name`` is "layer_input", or "attention_input", "attention_output" and "attention_sum", and
    the same of "cross" and "mlp": a sublayer's input behind its norm, where one stands before it;
    what it adds; and the sum, normed where a norm comes after.
    """

    name: str
    kind: Literal["encoder", "decoder"]
    layer: int
    sequence: int
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller needs of a run, so that nothing else is computed.

    ``layers`` says which layers of each kind; a kind that is missing is not wanted. ``place``
    may give an array (sequence, head, query, key) for whole maps of some, computed right there.
    ``edit`` sees the scores before the softmax and may change them. ``watch`` sees the hidden
    states inside every layer that runs, in order; ``values`` asks for values in the last layer too.
    ``apart`` shows each head alone, a few queries after others, on whatever thread computes it.
    """

    layers: Mapping[str, frozenset[int]]
    visit: Callable[[AttentionBlock], None]
    hidden: bool = False
    values: bool = False
    place: Callable[[Kind, int, range], FloatArray] | None = None
    edit: Callable[[AttentionBlock], None] | None = None
    watch: Callable[[LayerState], None] | None = None
    apart: bool = False

    def wants(self, kind: Kind, layer: int) -> bool:
        """Whether the weights of a layer are to be shown."""
        return layer in self.layers.get(kind, ())

    def last(self, stack: str) -> int:
        """The last layer that is wanted of a stack, cross attention included, or -1."""
        crossing = self.layers.get("cross", ()) if stack == "decoder" else ()
        return max((*self.layers.get(stack, ()), *crossing), default=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Last hidden states (token, d_model) of each sequence, of each stack that was finished."""

    encoder: tuple[FloatArray, ...] = ()
    decoder: tuple[FloatArray, ...] = ()
