"""Tensors of a layer, packed for the products that use them, and kept within a budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.spec import LayerSpec, MLPSpec, NormSpec
from attnviz.core.weights import (
    Linear,
    WeightCache,
    attention_weights,
    layer_weights,
    linear,
    norm,
    required,
)
from tests.core.made import Drawn, attention, layer

ONES, TWOS = np.ones((1, 2), np.float32), np.full((2, 2), 2, np.float32)


def test_a_linear_map_is_a_product_and_a_bias() -> None:
    found = Linear(np.float32([[1, 2], [3, 4]]), np.float32([10, 20]))(np.float32([[1, 1]]))
    assert found.tolist() == [[13, 27]]


def test_a_part_of_a_linear_map_gives_those_outputs() -> None:
    whole = Linear(np.float32([[1, 2], [3, 4], [5, 6]]), np.float32([10, 20, 30]))
    assert whole.outputs(slice(1, 3))(np.float32([[1, 1]])).tolist() == [[27, 41]]
    assert Linear(whole.weight, None).outputs(slice(1, 2))(np.float32([[1, 1]])).tolist() == [[7]]


def test_several_tensors_become_one_linear_map_in_order() -> None:
    biases = {"a.bias": np.float32([5]), "b.bias": np.float32([6, 7])}
    found = linear(Drawn({"a.weight": ONES, "b.weight": TWOS} | biases), ("a", "b"), (1, 2), 2)
    assert found(np.float32([[1, 1]])).tolist() == [[7, 10, 11]]


def test_a_missing_bias_among_others_is_zero_and_none_at_all_is_none() -> None:
    fixed = {"a.weight": ONES, "b.weight": TWOS, "b.bias": np.float32([6, 7])}
    found = linear(Drawn(fixed, absent=r"a\.bias"), ("a", "b"), (1, 2), 2)
    assert found.bias.tolist() == [0, 6, 7]
    assert linear(Drawn(fixed, absent="bias"), ("a", "b"), (1, 2), 2).bias is None


def test_a_tensor_the_architecture_cannot_do_without_is_named() -> None:
    with pytest.raises(KeyError, match=r"encoder\.relative\.weight"):
        required(Drawn(absent="relative"), "encoder.relative.weight", 8, 2)


def test_a_norm_has_what_the_checkpoint_has() -> None:
    found = norm(Drawn(), "n", NormSpec("layer"), 4)
    assert (found.weight.shape, found.bias.shape) == ((4,), (4,))
    assert norm(Drawn(), "n", NormSpec("rms"), 4).bias is None
    assert norm(Drawn(absent="weight"), "n", NormSpec("rms"), 4).weight is None


def test_queries_keys_and_values_lie_below_each_other() -> None:
    spec = attention(6, 4, n_kv_heads=2)
    found = attention_weights(Drawn(), "a", spec, 16)
    parts = [Drawn().get(f"a.{name}.weight", rows, 16) for name, rows in
             (("query", 24), ("key", 8), ("value", 8))]  # fmt: skip
    np.testing.assert_array_equal(found.qkv.weight, np.concatenate(parts))
    assert found.output.weight.shape == (16, 24)


@pytest.mark.parametrize(
    ("over", "shapes"),
    [("head", ((4,), (4,))), ("heads", ((6, 4), (2, 4))), ("all", ((24,), (8,)))],
)
def test_query_and_key_norms_have_the_shape_that_they_work_over(over: str, shapes: tuple) -> None:
    spec = attention(6, 4, n_kv_heads=2, qk_norm=NormSpec("rms"), qk_norm_over=over)
    found = attention_weights(Drawn(), "a", spec, 16)
    assert (found.query_norm.weight.shape, found.key_norm.weight.shape) == shapes


def test_a_gate_lies_above_what_it_gates() -> None:
    found = layer_weights(Drawn(), "l", layer(mlp=MLPSpec(24, "silu", gated=True)), 16)
    gate, up = (Drawn().get(f"l.mlp.{name}.weight", 24, 16) for name in ("gate", "up"))
    np.testing.assert_array_equal(found.up.weight, np.concatenate([gate, up]))


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
    found = cache.load("l", lambda: layer_weights(weights, "l", spec, 16))
    sublayers = [found.attention, *([found.cross] if found.cross else [])]
    maps = [linear for each in sublayers for linear in (each.qkv, each.output)]
    maps += [found.up, found.down]
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
