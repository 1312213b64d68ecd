"""Linear maps, whole and in parts."""

from __future__ import annotations

import numpy as np

from attnviz.core.weights import Linear


def test_a_linear_map_is_a_product_and_a_bias() -> None:
    found = Linear(np.float32([[1, 2], [3, 4]]), np.float32([10, 20]))(np.float32([[1, 1]]))
    assert found.tolist() == [[13, 27]]


def test_a_part_of_a_linear_map_gives_those_outputs() -> None:
    whole = Linear(np.float32([[1, 2], [3, 4], [5, 6]]), np.float32([10, 20, 30]))
    assert whole.outputs(slice(1, 3))(np.float32([[1, 1]])).tolist() == [[27, 41]]
    assert Linear(whole.weight, None).outputs(slice(1, 2))(np.float32([[1, 1]])).tolist() == [[7]]
