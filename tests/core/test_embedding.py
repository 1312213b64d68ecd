"""From token ids to the first hidden states: tokens, positions, types, norm and projection."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attnviz.core.embedding import embed
from attnviz.core.hooks import Ids
from attnviz.core.spec import EmbeddingSpec, NormSpec, PositionSpec
from tests.core.made import Drawn, stack

TOKENS = np.float32([[1, 0], [2, 10], [3, 20], [4, 30]])  # id i is (i + 1, 10 i)
POSITIONS = np.float32([[0, 0.5], [0.1, 0.5], [0.2, 0.5], [0.3, 0.5], [0.4, 0.5]])
TABLES = {
    "encoder.token.weight": TOKENS,
    "encoder.position.weight": POSITIONS,
    "encoder.type.weight": np.float32([[100, 0], [200, 0]]),
}


def embedded(
    *ids: list[int], types: Any = None, weights: Drawn | None = None, d_model: int = 2, **more: Any
) -> np.ndarray:
    """The first hidden states of sequences; the tables are those above."""
    spec = replace(EmbeddingSpec(4, 2), **more)
    kinds = [None] * len(ids) if types is None else [np.asarray(each) for each in types]
    sequences = [Ids(np.asarray(each), kind) for each, kind in zip(ids, kinds, strict=True)]
    model, tables = stack("encoder", (), d_model=d_model, embedding=spec), weights or Drawn(TABLES)
    return embed(model, tables, tables.stack(model), sequences)


def close(found: np.ndarray, expected: Any) -> None:
    np.testing.assert_allclose(found, np.float32(expected), atol=1e-6)


def test_each_id_takes_its_row() -> None:
    close(embedded([2, 0, 2]), [[3, 20], [1, 0], [3, 20]])


def test_token_embeddings_may_be_scaled_but_positions_are_not() -> None:
    learned = PositionSpec("learned", 5)
    close(embedded([1, 1], scale=3.0, positions=learned), [[6, 30.5], [6.1, 30.5]])


def test_positions_start_anew_with_every_sequence() -> None:
    learned = PositionSpec("learned", 5)
    found = embedded([0, 0], [0, 0, 0], positions=learned)
    close(found[:, 0], [1, 1.1, 1, 1.1, 1.2])


def test_positions_may_begin_behind_an_offset() -> None:
    close(embedded([0, 0], positions=PositionSpec("learned", 5, offset=2))[:, 0], [1.2, 1.3])


def test_pads_have_a_position_of_their_own() -> None:
    """With pad 1, the tokens 0, 1, 0 have the positions 2, 1, 3."""
    found = embedded([0, 1, 0], positions=PositionSpec("learned", 5, pad_id=1))
    close(found[:, 0], [1.2, 2.1, 1.3])


def test_sinusoids_are_computed_where_they_are_not_stored() -> None:
    spec = PositionSpec("interleaved", 5)
    missing = Drawn(TABLES, absent="position")
    close(embedded([0, 0], positions=spec, weights=missing)[1], [1 + math.sin(1), math.cos(1)])
    close(embedded([0, 0], positions=spec)[1], [1.1, 0.5])


def test_the_pad_has_no_sinusoid_in_fairseq() -> None:
    missing = Drawn({"encoder.token.weight": np.zeros((4, 4))}, absent="position")
    spec = PositionSpec("fairseq", 5, pad_id=1)
    found = embedded([0, 1], positions=spec, weights=missing, d_model=4, d_embedding=4)
    assert found[1].tolist() == [0, 0, 0, 0]
    close(found[0], [math.sin(2), math.sin(2e-4), math.cos(2), math.cos(2e-4)])


def test_types_are_added_and_are_0_where_none_are_given() -> None:
    close(embedded([0, 0], n_types=2)[:, 0], [101, 101])
    close(embedded([0, 0], types=[[0, 1]], n_types=2)[:, 0], [101, 201])


def test_the_sum_is_normed() -> None:
    """(4, 30) has mean 17 and deviation 13: (-1, 1)."""
    weights = Drawn(TABLES, absent=r"embedding_norm")
    close(embedded([3], norm=NormSpec("layer", 0.0), weights=weights), [[-1, 1]])


PROJECTION = {
    "encoder.project.weight": np.float32([[1, 0], [0, 1], [1, 1]]),
    "encoder.type.weight": np.float32([[100, 100, 100]] * 2),
}


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("tokens", [104, 130, 134]),  # (4, 30, 34), then the types
        ("sum", [4, 30, 34]),
    ],
)
def test_small_embeddings_are_projected_before_or_behind_what_is_added(
    project: Any, expected: list[float]
) -> None:
    n_types = 2 if project == "tokens" else 0
    weights = Drawn(TABLES | PROJECTION, absent="bias")
    found = embedded([3], project=project, n_types=n_types, weights=weights, d_model=3)
    close(found, [expected])


def test_a_projection_may_come_behind_the_norm_or_before_it() -> None:
    """(4, 30) normed is (-1, 1), projected (-1, 1, 0); (4, 30, 34) normed has another shape."""
    weights = Drawn(TABLES | PROJECTION, absent="bias|embedding_norm")
    norm = NormSpec("layer", 0.0)
    found = embedded([3], project="normed", norm=norm, weights=weights, d_model=3)
    close(found, [[-1, 1, 0]])
    found = embedded([3], project="sum", norm=norm, weights=weights, d_model=3)
    wide = np.array([4, 30, 34])
    close(found, [(wide - wide.mean()) / wide.std()])


def test_the_table_itself_is_never_changed() -> None:
    tokens = TOKENS.copy()
    weights = Drawn(TABLES | {"encoder.token.weight": tokens})
    embedded([0, 1], scale=5.0, positions=PositionSpec("learned", 5), weights=weights)
    np.testing.assert_array_equal(tokens, TOKENS)
