"""What goes into a run, what is wanted of it, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from attnviz.core.attention import Heads
from attnviz.core.ops import FloatArray

__all__ = ["Ids", "Kind", "Output", "Step", "Want"]

IntArray = npt.NDArray[np.int64]
Kind = Literal["encoder", "decoder", "cross"]


@dataclass(frozen=True, slots=True, eq=False)
class Ids:
    """One input: ids int64 (token,), their types, and the decoder's ids where there are two."""

    ids: IntArray
    types: IntArray | None = None
    target_ids: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One block of queries of one layer, as it is computed; the arrays die with the visit.

    ``weights`` is float32 (head, query, key), the queries from ``start`` to ``stop``; in an edit,
    it holds the scores before the softmax. ``heads`` has the scaled queries, keys and values.
    ``finite`` says that no score left float32, as far as that had to be looked at.
    """

    kind: Kind
    layer: int
    sequence: int
    start: int
    stop: int
    weights: FloatArray
    heads: Heads
    finite: bool = True


@dataclass(frozen=True, slots=True)
class Want:
    """What a caller needs of a run, so that nothing else is computed.

    ``layers`` says which layers of each kind; a kind that is missing is not wanted. ``place``
    may give an array (head, query, key) for the weights of a whole map, computed right there.
    ``edit`` sees the scores before the softmax and may change them.
    """

    layers: Mapping[str, frozenset[int]]
    visit: Callable[[Step], None]
    hidden: bool = False
    place: Callable[[Kind, int, int], FloatArray] | None = None
    edit: Callable[[Step], None] | None = None

    def last(self, *kinds: str) -> int:
        """The last layer wanted of these kinds, or -1."""
        return max((max(self.layers.get(kind, ()), default=-1) for kind in kinds), default=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Last hidden states (token, d_model) of each sequence, of each stack that was finished."""

    encoder: tuple[FloatArray, ...] = ()
    decoder: tuple[FloatArray, ...] = ()
