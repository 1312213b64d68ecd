"""Which cross-attention head a checkpoint names as the one that aligns words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.core.spec import StackSpec
from attnviz.errors import BadCheckpoint, quote
from attnviz.result import Head


def named_alignment_head(generation: Mapping[str, Any], decoder: StackSpec | None) -> Head | None:
    """The first of ``alignment_heads`` in generation_config.json, pairs of layer and head.

    None where it names none. Raises BadCheckpoint for what is no head of this decoder.
    """
    named = generation.get("alignment_heads")
    if not named or decoder is None:
        return None
    try:
        layer, head = named[0]
        there = decoder.layers[layer].attention.n_heads
    except (TypeError, ValueError, LookupError):
        layer, head, there = 0, -1, 0
    if not (type(layer) is type(head) is int and layer >= 0 and 0 <= head < there):
        raise BadCheckpoint(
            f"generation_config.json has alignment_heads {quote(named)}, which does not begin "
            "with a layer and a head of the decoder, as [[1, 0]]"
        )
    return Head(layer, head)
