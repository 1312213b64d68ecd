"""Keeping what the core shows: whole maps, where they fit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from attnviz.core.hooks import AttentionBlock, Kind
from attnviz.core.spec import ModelSpec
from attnviz.errors import BadCheckpoint
from attnviz.memory import require
from attnviz.model.array_pool import ArrayPool
from attnviz.model.inputs import Input
from attnviz.model.value_norms import ValueNorms
from attnviz.result import AttentionMap, AttentionResult, FloatArray


class Recorder:
    """Gives the core a place for every map that is kept; raises TooBig if they would not fit."""

    def __init__(
        self,
        spec: ModelSpec,
        inputs: Sequence[Input],
        wanted: Mapping[Kind, tuple[int, ...]],
        pool: ArrayPool,
        norms: ValueNorms | None = None,
    ) -> None:
        self.wanted, self._norms = wanted, norms
        self._shapes, self._pool = [map_shapes(spec, given, wanted) for given in inputs], pool
        refuse_too_big(self._shapes)
        self._arrays: list[dict[Kind, FloatArray]] = [{} for _ in inputs]
        self._together: dict[tuple[Kind, int], FloatArray] = {}

    def place(self, kind: Kind, layer: int, sequences: range) -> FloatArray:
        """Where the weights (sequence, head, query, key) of a layer belong."""
        if (kind, sequences.start) not in self._together:
            shape = len(sequences), *self._shapes[sequences.start][kind]
            self._together[kind, sequences.start] = maps = self._pool.empty(shape)
            for number, map in zip(sequences, maps, strict=True):
                self._arrays[number][kind] = map
        place: FloatArray = self._together[kind, sequences.start][:, self.wanted[kind].index(layer)]
        return place

    def visit(self, step: AttentionBlock) -> None:
        """Nothing to take: the weights were computed in their place. But they must be numbers."""
        require_numbers(finite=step.finite)
        if self._norms:
            self._norms.visit(step)

    def maps(self, sequence: int) -> dict[str, AttentionMap]:
        """The finished maps of one sequence."""
        return {
            kind: AttentionMap(weights, layers=self.wanted[kind])
            for kind, weights in self._arrays[sequence].items()
        }


def apart(result: AttentionResult) -> AttentionResult:
    """The same with maps of its own, which keep no map of what ran together with it in memory."""
    shared = {
        kind: map
        for kind, map in result.maps.items()
        if map.weights.base is not None and map.weights.base.size > map.weights.size
    }
    own = {kind: replace(map, weights=map.weights.copy()) for kind, map in shared.items()}
    return replace(result, maps={**result.maps, **own}) if own else result


def map_shapes(
    spec: ModelSpec, given: Input, wanted: Mapping[Kind, tuple[int, ...]]
) -> dict[Kind, tuple[int, int, int, int]]:
    """The shape of every map that is wanted of an input."""
    return {kind: map_shape(spec, given, kind, len(layers)) for kind, layers in wanted.items()}


def map_shape(
    spec: ModelSpec, given: Input, kind: Kind, n_layers: int
) -> tuple[int, int, int, int]:
    """Shape (layer, head, query, key) of one map."""
    n_source = len(given.ids.ids)
    n_target = n_source if given.ids.target_ids is None else len(given.ids.target_ids)
    stack = spec.encoder if kind == "encoder" else spec.decoder
    first = stack.layers[0] if stack else None
    attention = (first.cross if kind == "cross" else first.attention) if first else None
    n_queries = n_source if kind == "encoder" else n_target
    n_keys = n_source if kind == "cross" else n_queries
    return n_layers, attention.n_heads if attention else 0, n_queries, n_keys


def require_numbers(*, finite: bool) -> None:
    """Raise BadCheckpoint where what was computed is infinite or no number."""
    if not finite:
        raise BadCheckpoint(
            "the numbers of this model grow beyond float32, so some of its weights must be "
            "damaged; fetch it again"
        )


def refuse_too_big(shapes: Iterable[Mapping[Kind, tuple[int, ...]]]) -> None:
    """Raise TooBig where maps of these shapes would not fit in memory."""
    size = sum(4 * math.prod(shape) for maps in shapes for shape in maps.values())
    require(
        size,
        "keeping every weight",
        "print the strongest links with --top 20, show blocks of tokens with --pooled 256, measure "
        "heads with attnviz heads, or keep one layer with --layer",
    )
