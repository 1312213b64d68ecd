"""Models that count positions from seen token to seen token, whatever a mask hides between them.

OPT does, and what ALiBi adds in BLOOM and Falcon does. Nothing that is seen depends on what is
hidden, so their seen tokens attend as if the others were not there. BioGPT did, but transformers 5
counts its positions from the first token on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from attnviz.core.hooks import Ids
from attnviz.core.spec import ALiBi, ModelSpec
from attnviz.errors import InputError
from attnviz.model.inputs import Input
from attnviz.result import AttentionMap, AttentionResult, FloatArray

COUNT_SEEN = frozenset(("opt",))
COUNT_FOR_ALIBI = frozenset(("bloom", "falcon"))  # MPT counts every token


def counts_seen(given: Input, model_type: str | None, spec: ModelSpec) -> bool:
    """Whether a mask moves positions, or with ALiBi what lies between them."""
    if given.mask is None:
        return False
    seen = _seen(given)
    if model_type in COUNT_SEEN:
        return bool(seen[-1] >= len(seen))
    alibi = any(isinstance(layer.attention.bias, ALiBi) for layer in spec.stacks[0].layers)
    between = bool(seen[-1] - seen[0] >= len(seen))
    return between and alibi and model_type in COUNT_FOR_ALIBI


def require_uncounted(given: Input, model_type: str | None, spec: ModelSpec) -> None:
    """Raise InputError where a mask moves positions, for what takes ids as they are."""
    if counts_seen(given, model_type, spec):
        raise InputError(
            f"{model_type} counts positions by the tokens that attention_mask lets be seen; "
            "leave the hidden tokens out here"
        )


def without_hidden(given: Input) -> Input:
    """The seen tokens alone."""
    seen = _seen(given)
    types = None if given.ids.types is None else given.ids.types[seen]
    return replace(given, ids=Ids(given.ids.ids[seen], types))


def with_hidden(result: AttentionResult, given: Input) -> AttentionResult:
    """What the seen tokens have, in their places; the rows of hidden ones are 0."""
    seen, n = _seen(given), len(given.ids.ids)

    def spread(map: AttentionMap) -> AttentionMap:
        wide: FloatArray = np.zeros((*map.weights.shape[:2], n, n), np.float32)
        wide[:, :, seen[:, None], seen] = map.weights
        return AttentionMap(wide, layers=map.layers, heads=map.heads)

    hidden = result.hidden
    if hidden is not None:
        states = np.zeros((n, hidden.shape[1]), np.float32)
        states[seen] = hidden
        hidden = states
    maps = {kind: spread(map) for kind, map in result.maps.items()}
    return replace(result, tokens=given.tokens, maps=maps, hidden=hidden)


def _seen(given: Input) -> npt.NDArray[np.intp]:
    every = np.arange(len(given.ids.ids))
    return every if given.mask is None else every[given.mask]
