"""Tables on standard output: aligned by what characters take, and no wider than a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.cli.tables import table_lines

ROWS = [
    ["head", "entropy", "found to be"],
    ["0.0", "2.93", ""],
    ["0.10", "0.5", "previous word 1.00, head → case .49 against .40"],
]


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    assert list(table_lines(ROWS)) == [
        "head  entropy  found to be",
        "0.0      2.93",
        "0.10      0.5  previous word 1.00, head → case .49 against .40",
    ]


def test_a_little_too_wide_is_set_closer() -> None:
    assert list(table_lines(ROWS, 60))[2] == (
        "0.10     0.5 previous word 1.00, head → case .49 against .40"
    )


def test_what_does_not_fit_stands_under_its_row() -> None:
    assert list(table_lines(ROWS, 30)) == [
        "head entropy",
        "0.0     2.93",
        "0.10     0.5",
        "      previous word 1.00, head",
        "        → case .49 against .40",
    ]


def test_columns_that_do_not_fit_stand_below_the_others() -> None:
    rows = [["head", "one", "two", "said"], ["0.0", "1.00", "2.00", "this"]]
    assert list(table_lines(rows, 10)) == [
        *("head  one", "0.0  1.00", ""),
        *("head  two", "0.0  2.00", "      this"),
    ]


def test_wide_characters_take_two_columns() -> None:
    assert list(table_lines([["帽子", "1.0"], ["hat", "10.0"]])) == ["帽子  1.0", "hat   10.0"]


@given(
    st.lists(
        st.tuples(st.text("ab.", max_size=4), st.text("0.", max_size=5), st.text("word ")),
        min_size=1,
        max_size=5,
    ),
    st.integers(40, 90),
)
def test_nothing_is_wider_than_the_terminal_nor_lost(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    found = list(table_lines([("head", "x", "said"), *rows], width))
    assert max(map(len, found)) <= width
    for row in rows:
        for cell in row:
            assert all(any(word in line for line in found) for word in cell.split())


@pytest.mark.parametrize("width", [None, 1])
def test_a_table_may_be_one_cell(width: int | None) -> None:
    assert list(table_lines([["a"]], width)) == ["a"]
