"""A checkpoint may name the cross-attention head that aligns words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import BadCheckpoint
from attnviz.result import Head
from tests.model.made import small, write


def named(folder: Path, heads: Any, reference: str = "bart-plain") -> Head | None:
    return write(folder, small(reference), generation={"alignment_heads": heads}).alignment_head


def test_the_first_head_it_names_aligns(tmp_path: Path) -> None:
    assert named(tmp_path, [[1, 2], [0, 0]]) == Head(1, 2)


@pytest.mark.parametrize("heads", [None, []])
def test_a_checkpoint_may_name_none(tmp_path: Path, heads: Any) -> None:
    assert named(tmp_path, heads) is None


def test_a_model_of_one_stack_has_no_cross_attention_to_name(tmp_path: Path) -> None:
    assert named(tmp_path, [[0, 0]], "bert-plain") is None


@pytest.mark.parametrize(
    "heads",
    [
        [[9, 0]],
        [[0, 9]],
        [[-1, 0]],
        [[0, -1]],
        [[0]],
        [1, 0],
        "1.0",
        [["0", "0"]],
        [[0.5, True]],
        3,
    ],
)
def test_what_is_no_head_of_the_decoder_is_refused(tmp_path: Path, heads: Any) -> None:
    with pytest.raises(BadCheckpoint, match=r"alignment_heads .* a layer and a head"):
        named(tmp_path, heads)
