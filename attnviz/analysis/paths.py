"""Attention over all layers up to one: rollout and flow, from each token back to the input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError, TooBig
from attnviz.result import AttentionMap, AttentionResult, Weighting

DoubleArray = npt.NDArray[np.float64]

WHOLE = 1 << 30
"""What a capacity of 1 is in whole numbers, as SciPy's algorithms for flows take them."""

MOST_FLOWS = 40_000
"""How many flows are computed at most: one for every layer, query and key."""


def reweighted(result: AttentionResult, weighting: Weighting) -> AttentionResult:
    """Raw attention as rollout or flow: one matrix a layer, from its tokens back to the input.

    What stands in the place of head 0 of layer l is about all heads of layers 0 to l together. In a
    model of two sides, cross attention has neither. Raises InputError for attention that is not
    raw or lacks layers or heads, and TooBig for more flows than anybody waits for.
    """
    if result.weighting == weighting:
        return result
    if result.weighting != "raw":
        raise InputError(f"{weighting} is made of raw weights and these are {result.weighting}")
    if weighting not in WAYS:
        raise InputError(f"{weighting} needs the model that attended, not its weights alone")
    maps = {
        kind: _along(map, WAYS[weighting]) for kind, map in result.maps.items() if kind != "cross"
    }
    if not maps:
        raise InputError(f"cross attention alone has no {weighting}; it needs self-attention")
    return replace(result, maps=maps, weighting=weighting)


def take_layers(result: AttentionResult, layers: Collection[int] | None) -> AttentionResult:
    """These layers of every map that has them."""
    if layers is None:
        return result
    maps = {
        kind: map.select(layers=kept)
        for kind, map in result.maps.items()
        if (kept := sorted(set(layers) & set(map.layers)))
    }
    return replace(result, maps=maps)


def _along(map: AttentionMap, way: Callable[[DoubleArray], DoubleArray]) -> AttentionMap:
    n = len(map.layers)
    if map.layers != tuple(range(n)) or map.queries != map.keys:
        raise InputError("paths go through all layers from 0 on and all tokens; keep them all")
    mean = map.weights.mean(axis=1, dtype=np.float64)
    found = way(mean / 2 + np.eye(mean.shape[-1]) / 2)
    return replace(map, weights=found[:, None].astype(np.float32), heads=(0,))


def rollout(steps: DoubleArray) -> DoubleArray:
    """Products Âₗ … Â₁ Â₀ (layer, query, key) (Abnar & Zuidema 2020, equation 1).

    ``steps`` float64 (layer, query, key) are ½ A + ½ I, A the mean over a layer's heads, which
    stands for the residual connection. Rows still sum to 1.
    """
    found = np.empty_like(steps)
    before = np.eye(steps.shape[-1])
    for layer, step in enumerate(steps):
        found[layer] = before = step @ before
    return found


def flow(steps: DoubleArray) -> DoubleArray:
    """The largest flow from each token of a layer to each of the input (layer, query, key).

    Capacities are ``steps`` (see ``rollout``), along the edges from a layer to the one before
    (Abnar & Zuidema 2020, section 3). Rows need not sum to 1. Needs SciPy.
    """
    n_layers, n, _ = steps.shape
    if n_layers * n * n > MOST_FLOWS:
        raise TooBig(
            f"{n} tokens in {n_layers} layers have {n_layers * n * n:,} flows of their own, and up "
            f"to {MOST_FLOWS:,} are computed; give a shorter text, or take rollout"
        )
    largest, graphs = _solver()
    found = np.empty_like(steps)
    found[0] = steps[0]
    for layer in range(1, n_layers):
        graph = graphs(_edges(steps[: layer + 1]))
        for query in range(n):
            for key in range(n):
                source, sink = (layer + 1) * n + query, key
                found[layer, query, key] = largest(graph, source, sink).flow_value / WHOLE
    return found


def _edges(steps: DoubleArray) -> npt.NDArray[np.int32]:
    """Capacities (node, node) from every token of a layer to those before it, the input first."""
    n_layers, n, _ = steps.shape
    found = np.zeros(((n_layers + 1) * n,) * 2, np.int32)
    for layer, step in enumerate(steps):
        rows = slice((layer + 1) * n, (layer + 2) * n)
        found[rows, layer * n : (layer + 1) * n] = np.rint(step * WHOLE)
    return found


def _solver() -> tuple[Callable[..., Any], Callable[..., Any]]:
    try:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_flow
    except ImportError:
        raise InputError("flow needs SciPy; install it with pip install 'attnviz[fit]'") from None
    return maximum_flow, csr_array


WAYS: Mapping[str, Callable[[DoubleArray], DoubleArray]] = {"rollout": rollout, "flow": flow}
"""What raw weights become, by its name."""

PATHS = tuple(WAYS)
"""Weightings that are one matrix a layer and no head's."""
