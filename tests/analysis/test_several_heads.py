"""Several heads chosen by name: each is shown, and nothing is looked for in any other."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz import Head
from attnviz.analysis.selection import Selection
from attnviz.errors import UnknownHead
from tests.support.choices import Choices
from tests.support.results import encoder, translator

HEADS = (Head(2, 1), Head(0, 3), Head(1, 0))
RESULT = encoder("he took a hat and liked it , so he kept it", layers=3, heads=4)


def test_each_head_is_a_matrix_of_its_own_in_the_order_asked_for() -> None:
    shown = Selection(RESULT, Choices(HEADS))
    assert [matrix.head for matrix in shown.matrices] == list(HEADS)
    for matrix, head in zip(shown.matrices, HEADS, strict=True):
        np.testing.assert_array_equal(matrix.weights, RESULT.maps["encoder"].head(head))


def test_links_are_looked_for_in_these_heads_alone() -> None:
    shown = Selection(RESULT, Choices(HEADS))
    assert shown.links and {link.head for link in shown.links} <= set(HEADS)
    for link in shown.links:
        assert link.weight == RESULT.maps["encoder"].head(link.head)[link.query, link.key]


def test_an_answer_holds_every_head_and_their_mean() -> None:
    (answer,) = Selection(RESULT, Choices(HEADS, ask=("hat",))).answers
    assert set(answer.heads) == set(HEADS) and answer.n_heads == len(HEADS)
    np.testing.assert_allclose(answer.mean, answer.rows.mean(axis=0), atol=1e-6)
    for head, row in zip(answer.heads, answer.rows, strict=True):
        np.testing.assert_array_equal(row, RESULT.maps["encoder"].head(head)[answer.position])


def test_heads_that_form_no_block_are_ranked_as_in_a_map_of_their_own() -> None:
    picked, block = (
        Selection(RESULT, Choices(heads, ask=("hat",)))
        for heads in ((Head(2, 1), Head(0, 3)), (Head(0, 3), Head(2, 1)))
    )
    assert picked.answers[0].heads == block.answers[0].heads
    assert picked.links == block.links


def test_maps_without_one_of_the_heads_are_left_out_and_a_head_of_no_map_is_refused() -> None:
    assert list(Selection(translator(), Choices((Head(0, 1), Head(1, 0)))).result.maps) == [
        "encoder",
        "decoder",
        "cross",
    ]
    with pytest.raises(UnknownHead, match=r"no head 2\.9; the map has layers 0 to 2 and heads"):
        Selection(RESULT, Choices((Head(2, 1), Head(2, 9))))


def test_who_looks_is_where_one_looks_turned_around() -> None:
    (asked,) = Selection(RESULT, Choices(ask=("hat",))).answers
    for head, top, row in zip(asked.heads, asked.tops, asked.rows, strict=True):
        number = sum(key.text == asked.keys[top].text for key in asked.keys[: top + 1])
        word = f"{asked.keys[top].text}:{number}"
        (turned,) = Selection(RESULT, Choices((head,), who=(word,))).answers
        assert turned.who and turned.mean[asked.position] == row[top]
        np.testing.assert_array_equal(
            turned.mean, RESULT.maps["encoder"].head(head)[:, turned.position]
        )
