"""Tensors of layers are kept within a budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.spec import LayerSpec, MLPSpec
from attnviz.model.weight_cache import WeightCache
from tests.core.made import Drawn, attention, layer


@pytest.mark.parametrize(
    "spec",
    [
        layer(),
        layer(mlp=MLPSpec(24, "silu", gated=True), norms=("before", "inside")),
        layer(attention(6, n_kv_heads=2), cross=attention(4)),
    ],
)
def test_a_layer_counts_with_every_tensor_that_was_read(spec: LayerSpec) -> None:
    weights, cache = Drawn(), WeightCache(1 << 30)
    found = cache.load("l", lambda: weights.layer("l", spec, 16))
    sublayers = [found.attention, *([found.cross] if found.cross else [])]
    maps = [
        linear for each in sublayers for linear in (each.qkv, each.output, each.memory) if linear
    ]
    maps += [found.mlp.up, found.mlp.down]
    numbers = sum(each.weight.size + each.bias.size for each in maps)
    numbers += sum(each.weight.size + each.bias.size for each in found.norms.values())
    assert cache.used == 4 * numbers


def floats(n_bytes: int) -> np.ndarray:
    return np.zeros(n_bytes // 4, np.float32)


def test_what_is_kept_is_built_once() -> None:
    cache, built = WeightCache(100), []
    first = cache.load("a", lambda: built.append("a") or floats(60))
    assert cache.load("a", lambda: built.append("a") or floats(60)) is first
    assert built == ["a"]


def test_what_does_not_fit_is_built_again_and_does_not_crowd_out_what_is_kept() -> None:
    cache, built = WeightCache(100), []
    for name, size in [("a", 60), ("b", 52), ("c", 40), ("a", 60), ("b", 52), ("c", 40)]:
        cache.load(name, lambda name=name, size=size: built.append(name) or floats(size))
    assert built == ["a", "b", "c", "b"]
    assert cache.used == 100


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 12))), st.integers(0, 120))
def test_never_more_is_kept_than_the_budget(loads: list[tuple[str, int]], budget: int) -> None:
    cache, sizes = WeightCache(budget), {}
    for name, size in loads:
        sizes.setdefault(name, 4 * size)
        assert cache.load(name, lambda name=name: floats(sizes[name])).nbytes == sizes[name]
    assert cache.used == sum(sizes[name] for name in cache.kept) <= budget
