"""What is seen of texts too long for maps: how far a run has come, and pictures of blocks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from attnviz import memory
from attnviz.analysis.pooling import Pooling, block_starts, block_tokens
from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.errors import InputError
from attnviz.model.inputs import Input, hiding
from attnviz.model.record import require_numbers
from attnviz.result import AttentionMap, AttentionResult, Head

if TYPE_CHECKING:
    from attnviz.model.model import Model

__all__ = ["Tell", "pooled", "telling"]

Tell = Callable[[float], None]
"""What is told the share of a run that is done, from 0 to 1, after each block of queries."""

Visit = Callable[[AttentionBlock], None]


def telling(visit: Visit, tell: Tell | None, kind: Kind, n_layers: int, n: int) -> Visit:
    """The same visit of one input's blocks, after which is told how much of the run is done.

    A run ends behind ``n_layers`` of n queries, of which those of a decoder see ever more keys.
    """
    if tell is None:
        return visit

    def visit_and_tell(block: AttentionBlock) -> None:
        visit(block)
        share = block.stop / n
        tell((block.layer + (share * share if kind == "decoder" else share)) / n_layers)

    return visit_and_tell


def pooled(
    model: Model,
    given: Input,
    n: int,
    layers: Collection[int] | None,
    heads: Collection[Head],
    tell: Tell | None,
) -> AttentionResult:
    """What ``Model.pooled`` gives."""
    if n < 1:
        raise InputError(f"there are no {n} blocks of tokens; ask for at least one")
    kind, wanted = model.of_first_stack(layers, heads)
    starts = block_starts(len(given.tokens), n)
    numbers = range(model.spec.stacks[0].layers[0].attention.n_heads)
    chosen = list(dict.fromkeys(heads)) or [Head(layer, one) for layer in wanted for one in numbers]
    memory.require(
        8 * len(chosen) * len(starts) ** 2,
        f"{len(starts)} × {len(starts)} pixels of {len(chosen)} heads",
        "take fewer blocks with --pooled, or name heads with --head",
    )
    pooling = Pooling(
        len(given.tokens),
        starts,
        {layer: [head for other, head in chosen if other == layer] for layer in wanted},
    )

    def visit(block: AttentionBlock) -> None:
        require_numbers(finite=block.finite)
        pooling.visit(block)

    seen = telling(visit, tell, kind, max(wanted) + 1, len(given.tokens))
    model.watch([given], seen, layers={kind: wanted}, edit=hiding([given]))
    weights = np.stack([pooling.of(head) for head in chosen])
    return AttentionResult(
        tokens=block_tokens(given.tokens, given.texts, starts),
        maps={kind: AttentionMap.of_heads(chosen, weights)},
        texts=given.texts,
        model=model.info,
        weighting="pooled",
    )
