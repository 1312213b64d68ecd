"""Tensors of a layer, by name, packed for the products that use them."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.core.spec import MLPSpec, NormSpec
from attnviz.families.layer_weights import (
    attention_weights,
    layer_weights,
    linear,
    norm,
    required,
)
from tests.core.made import Drawn, attention, layer

ONES, TWOS = np.ones((1, 2), np.float32), np.full((2, 2), 2, np.float32)


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
    np.testing.assert_array_equal(found.mlp.up.weight, np.concatenate([gate, up]))
