"""Attention on small matrices gives the numbers that tutorials print, and says where they err."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz
from attnviz.analysis.explain.toy import Drawing, attend_toy, draw_toy, largest
from attnviz.errors import InputError

BOOK = ("This", "is", "book")
QUERY, KEYS = np.array([[0.1, 0.2, 0.3]]), np.array([[0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
VALUES = np.array([[1, 1.1], [1.2, 1.3]])


def test_a_single_query_gives_what_is_printed_everywhere() -> None:
    toy = attend_toy(QUERY, KEYS, VALUES, scale="none")
    assert toy.dots[0, 0].tolist() == pytest.approx([0.32, 0.5])
    assert np.round(toy.weights[0, 0], 4).tolist() == [0.4551, 0.5449]
    assert np.round(toy.output[0], 4).tolist() == [1.109, 1.209]


@pytest.mark.parametrize(
    ("scale", "row"), [("d_model", [0.256, 0.149, 0.595]), (None, [0.224, 0.112, 0.665])]
)
def test_this_is_book_divided_by_either_root(scale: str | None, row: list[float]) -> None:
    toy = draw_toy(BOOK, Drawing(init="randn"), scale=scale)
    assert np.round(toy.weights[0, 0], 3).tolist() == row


def test_the_matrices_are_those_of_numpys_own_stream() -> None:
    toy = draw_toy(BOOK, Drawing(init="randn"))
    stream = np.random.RandomState(0)
    drawn = [stream.randn(3, 5)] + [stream.randn(5, 3) for _ in range(3)]
    for found, expected in zip(
        (toy.x, toy.weights_q, toy.weights_k, toy.weights_v), drawn, strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_plain_randn_saturates_at_512_and_xavier_does_not() -> None:
    words = ("the", "quick", "brown", "fox", "jumps", "over", "it")
    big = Drawing(d_model=512, d_head=64, n_heads=8, init="randn")
    assert round(largest(draw_toy(words, big)), 3) == 1.0
    even = Drawing(d_model=512, d_head=64, n_heads=8)
    assert largest(draw_toy(words, even)) < 0.9
    assert draw_toy(words, even).output.shape == (7, 512)


def test_heads_attend_each_by_itself() -> None:
    toy = draw_toy(BOOK, Drawing(d_model=8, d_head=2, n_heads=4))
    for head in range(4):
        mine = slice(2 * head, 2 * head + 2)
        q, k, v = (toy.x @ w[:, mine] for w in (toy.weights_q, toy.weights_k, toy.weights_v))
        alone = attend_toy(q, k, v)
        np.testing.assert_allclose(toy.output[:, mine], alone.output)


def test_a_matrix_on_its_side_attends_over_features() -> None:
    x = np.arange(15.0).reshape(5, 3) / 10  # (d_model, seq): five features of three words
    toy = draw_toy(BOOK, Drawing(), x=x)
    assert toy.features
    assert toy.weights.shape == (1, 5, 5)
    assert toy.labels == tuple(f"feature {i}" for i in range(5))
    assert not draw_toy(BOOK, Drawing(), x=x.T).features


def test_tied_projections_make_scores_symmetric() -> None:
    toy = draw_toy(BOOK, Drawing(tied=True))
    np.testing.assert_array_equal(toy.q, toy.v)
    np.testing.assert_allclose(toy.dots[0], toy.dots[0].T)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6), causal=st.booleans())
def test_rows_sum_to_one_and_causal_ones_see_nothing_ahead(seed: int, n: int, causal: bool) -> None:
    toy = draw_toy([str(i) for i in range(n)], Drawing(seed=seed), causal=causal)
    np.testing.assert_allclose(toy.weights.sum(axis=-1), 1)
    assert not causal or not np.triu(toy.weights[0], 1).any()


@pytest.mark.parametrize(
    ("keys", "values", "said"),
    [
        (np.ones((2, 4)), VALUES, "as many in both"),
        (KEYS, VALUES[:1], "one for each"),
        (np.full((2, 3), np.nan), VALUES, "no finite number"),
    ],
)
def test_what_does_not_fit_is_refused(keys: np.ndarray, values: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        attend_toy(QUERY, keys, values)


def test_a_toy_shows_and_saves_itself(tmp_path: Path) -> None:
    toy = draw_toy(BOOK, Drawing(), causal=True)
    assert toy._repr_html_() == attnviz.html(toy)
    for name in ("t.png", "t.svg", "t.html", "t.json"):
        toy.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    found = json.loads((tmp_path / "t.json").read_text())
    assert found["explains"] == "toy" and found["scores"][0][0][1] is None
    assert found["weights"] == toy.weights.tolist()
