"""What is seen of texts too long for maps: how far a run has come, and pictures of blocks."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attnviz import memory
from attnviz.analysis.closeups import Closeups, PooledResult
from attnviz.analysis.measured import HeadSums
from attnviz.analysis.pooling import Pooling, block_starts, block_tokens
from attnviz.analysis.streamed_links import StreamedLinks
from attnviz.analysis.streamed_measures import StreamedMeasures
from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.errors import InputError
from attnviz.model.idle import LongIdle
from attnviz.model.inputs import Input, hiding
from attnviz.model.record import map_shape, require_numbers
from attnviz.model.wanted import first_stack
from attnviz.result import AttentionMap, Head

if TYPE_CHECKING:
    from attnviz.model.model import Model


LONG = 1 << 30
"""Bytes of maps from which on a text is measured as they come by, on any machine alike."""

KEPT = 1 << 24
"""Weights of close-ups that are kept at most, two bytes each; a page packs them into about half."""

Tell = Callable[[float], None]
"""What is told the share of a run that is done, from 0 to 1, after each block of queries."""

Visit = Callable[[AttentionBlock], None]


def telling(visit: Visit, tell: Tell | None, kind: Kind, n_layers: int, n: int) -> Visit:
    """The same visit of one input's blocks, after which is told how much of the run is done.

    A run ends behind ``n_layers`` of n queries, of which those of a decoder see ever more keys.
    """
    if tell is None:
        return visit
    lock, power = threading.Lock(), 2 if kind == "decoder" else 1
    layer = done = 0

    def visit_and_tell(block: AttentionBlock) -> None:
        nonlocal layer, done
        visit(block)
        with lock:  # heads come side by side, layers one by one
            layer, done = block.layer, done if block.layer == layer else 0
            done += (block.stop**power - block.start**power) * len(block.weights)
            tell((layer + done / (n**power * len(block.heads.queries))) / n_layers)

    return visit_and_tell


def strongest(
    model: Model,
    given: Input,
    n: int,
    layers: Collection[int] | None,
    heads: Collection[Head],
    tell: Tell | None,
    *,
    words: bool,
    cores: int | None,
) -> StreamedLinks:
    """The n strongest links between words, or tokens, of the first stack; no map is kept."""
    if n < 1:
        raise InputError(f"there are no {n} strongest links; ask for at least one")
    kind, wanted = first_stack(model.spec, model.info, layers, heads)
    found = StreamedLinks(
        n,
        given.tokens,
        given.texts,
        words=words,
        causal=kind == "decoder",
        heads=frozenset(heads),
    )

    def visit(block: AttentionBlock) -> None:
        require_numbers(finite=block.finite)
        found.visit(block)

    seen = telling(visit, tell, kind, max(wanted) + 1, len(given.tokens))
    watch = partial(model.watch, [given], seen, layers={kind: wanted}, apart=True, cores=cores)
    watch(edit=hiding([given]))
    if not found.finish():
        watch(edit=hiding([given]))
    return found


def is_long(model: Model, given: Input) -> bool:
    """Whether the maps of all layers of the first stack would take LONG bytes."""
    kind, layers = first_stack(model.spec, model.info, None, ())
    return 4 * math.prod(map_shape(model.spec, given, kind, len(layers))) >= LONG


def measured(
    model: Model, given: Input, *, tokens: bool, cores: int | None, tell: Tell | None
) -> HeadSums:
    """What a text adds to the measures of each head of the first stack; no map is kept."""
    kind, layers = first_stack(model.spec, model.info, None, ())
    shape = len(layers), model.spec.stacks[0].layers[0].attention.n_heads
    causal = kind == "decoder"
    measures = StreamedMeasures(given.tokens, given.texts, shape, words=not tokens, causal=causal)
    idle = LongIdle(model, kind, given)

    def visit(block: AttentionBlock) -> None:
        require_numbers(finite=block.finite)
        idle.visit(block, measures.visit(block))

    seen = telling(visit, tell, kind, len(layers), len(given.tokens))
    watch = partial(model.watch, [given], seen, layers={kind: layers}, apart=True, cores=cores)
    watch(edit=hiding([given]), values=True)
    return measures.sums().extended("idle", idle.sums, idle.count)


def pooled(
    model: Model,
    given: Input,
    n: int,
    layers: Collection[int] | None,
    heads: Collection[Head],
    tell: Tell | None,
    *,
    closeups: bool = False,
    cores: int | None = None,
) -> PooledResult:
    """What ``Model.pooled`` gives."""
    if n < 1:
        raise InputError(f"there are no {n} blocks of tokens; ask for at least one")
    kind, wanted = first_stack(model.spec, model.info, layers, heads)
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

    room = KEPT // (len(chosen) * max(1, len(given.tokens) // len(starts)) ** 2)
    kept = Closeups(len(given.tokens), starts, chosen if closeups and room else (), room)

    def visit(block: AttentionBlock) -> None:
        require_numbers(finite=block.finite)
        pooling.visit(block)
        kept.visit(block)

    n_layers = max(wanted) + 1
    seen = telling(visit, tell, kind, n_layers, len(given.tokens))
    through = tuple(range(n_layers))  # all of which run, and are told of; few are pooled
    watch = partial(model.watch, [given], seen, layers={kind: through}, apart=True, cores=cores)
    watch(edit=hiding([given]))
    weights = np.stack([pooling.of(head) for head in chosen])
    return PooledResult(
        tokens=block_tokens(given.tokens, given.texts, starts),
        maps={kind: AttentionMap.of_heads(chosen, weights)},
        texts=given.texts,
        model=model.info,
        weighting="pooled",
        whole=given.tokens,
        starts=starts,
        closeups=tuple((head, kept.of(head)) for head in chosen) if closeups and room else (),
    )
