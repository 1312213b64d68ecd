"""Tables of embeddings: read row by row for one use, kept whole for more, within a budget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from attnviz.checkpoint.tensors import Tensors, open_tensors
from attnviz.errors import BadCheckpoint
from attnviz.families import checkpoint_weights
from attnviz.families.checkpoint_weights import CheckpointWeights
from attnviz.families.names import Stored

TABLE = np.arange(24, dtype=np.float16).reshape(8, 3)
STORED = Stored("table")


class Counted:
    """Tensors that remember what was read of them."""

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self.read_of: list[object] = []

    def shape(self, name: str) -> tuple[int, ...]:
        return self._tensors.shape(name)

    def read(self, name: str) -> np.ndarray:
        self.read_of.append("all")
        return self._tensors.read(name)

    def read_rows(self, name: str, rows: np.ndarray) -> np.ndarray:
        self.read_of.append(rows.tolist())
        return self._tensors.read_rows(name, rows)


@pytest.fixture
def tensors(tmp_path: Path) -> Counted:
    save_file({"table": TABLE}, tmp_path / "model.safetensors")
    return Counted(open_tensors(tmp_path))


def rows_of(tensors: Counted, *uses: list[int]) -> list[np.ndarray]:
    weights = CheckpointWeights({"table": STORED}, tensors, {STORED: "table"})  # type: ignore[arg-type]
    return [weights.rows("table", np.asarray(rows, np.int64), 3) for rows in uses]


def test_every_use_gives_the_rows_in_the_order_asked_for(tensors: Counted) -> None:
    asked = [[5, 0, 5], [7, 5, 5, 1], [2]]
    for rows, found in zip(asked, rows_of(tensors, *asked), strict=True):
        np.testing.assert_array_equal(found, np.float32(TABLE[rows]))
        assert found.dtype == np.float32


def test_a_row_that_occurs_often_is_read_once(tensors: Counted) -> None:
    rows_of(tensors, [3, 1, 3])
    assert tensors.read_of == [[1, 3]]


def test_a_table_that_is_used_again_is_kept(tensors: Counted) -> None:
    rows_of(tensors, [3], [1], [2])
    assert tensors.read_of == [[3], "all"]


def test_a_table_beyond_the_budget_is_read_row_by_row(
    tensors: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_weights, "KEPT_BYTES", 4 * TABLE.size - 1)
    rows_of(tensors, [3], [1], [2])
    assert tensors.read_of == [[3], [1], [2]]


def test_what_is_changed_afterwards_is_not_the_table(tensors: Counted) -> None:
    weights = CheckpointWeights({"table": STORED}, tensors, {STORED: "table"})  # type: ignore[arg-type]
    for _ in range(3):
        found = weights.rows("table", np.asarray([4], np.int64), 3)
        np.testing.assert_array_equal(found, np.float32(TABLE[[4]]))
        found += 1


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_a_row_that_is_not_there_is_named_at_every_use(tensors: Counted, uses: int) -> None:
    with pytest.raises(BadCheckpoint, match="8 rows, but row 8 is needed"):
        rows_of(tensors, *[[1]] * (uses - 1), [8])
