"""All heads at once on a terminal."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.labels import Label
from attnviz.render.sentences import MERGED, hidden_note
from attnviz.render.terminal import Colour, head_grid
from attnviz.render.terminal.measure import width_of
from attnviz.result import AttentionMap, Head
from tests.render.printed import attention, columns, lines, screen, spotlight, text


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("colour", list(Colour))
def test_every_head_is_there_under_its_name(width: int, colour: Colour) -> None:
    shown = text(head_grid(attention(3, 12, 9), screen(width, colour)))
    found = re.findall(r"(?<!\S)\d+\.\d+(?!\S)", "\n".join(shown[1:]))
    assert found == [f"{layer}.{head}" for layer in range(3) for head in range(12)]


def test_a_slice_keeps_the_names_of_its_heads() -> None:
    part = attention(6, 12, 5).select(layers=[4], heads=[2, 11])
    assert text(head_grid(part, screen(80, Colour.TRUE)))[1].split() == ["4.2", "4.11"]


def test_each_map_shows_its_own_weights_under_its_name() -> None:
    maps = attention(1, 3, 8).weights.copy()
    maps[:] = 0
    maps[0, 1] = spotlight(8, 8, (5, 2))
    _, names, *rows = lines(head_grid(AttentionMap(maps), screen(80, Colour.TRUE)))
    start = "".join(char for char, _ in columns(names)).index("0.1")
    bright = {
        (2 * y + half, x - start)
        for y, row in enumerate(rows)
        for x, (_, style) in enumerate(columns(row))
        if style
        for half, paint in enumerate((style.color, style.bgcolor))
        if paint and paint.triplet and paint.triplet.green > 200
    }
    assert bright == {(5, 2)}


def test_all_maps_share_one_scale() -> None:
    maps = attention(1, 2, 4).weights.copy()
    maps[:] = 0
    maps[0, 0, 0, 0], maps[0, 1, 0, 0] = 1.0, 0.5
    shown = text(head_grid(AttentionMap(maps), screen()))
    assert shown[2].split() == ["9···", "7···"]  # √0.5


def test_what_a_causal_mask_forbids_is_blank() -> None:
    maps = np.tril(attention(1, 1, 6).weights)
    shown = text(head_grid(AttentionMap(maps), screen(), kind="decoder"))
    assert [len(line) for line in shown[2:8]] == [1, 2, 3, 4, 5, 6]
    assert [len(line) for line in text(head_grid(AttentionMap(maps), screen()))[2:8]] == [6] * 6


def test_long_inputs_are_pooled_and_that_is_said() -> None:
    shown = text(head_grid(attention(1, 12, 64), screen(80, Colour.TRUE)))
    assert re.search(r"strongest of (\d+) × \1 weights", " ".join(shown))


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 17),
    st.integers(1, 70),
    st.integers(40, 200),
    st.sampled_from(list(Colour)),
)
def test_nothing_is_wider_than_the_screen(
    layers: int, heads: int, length: int, width: int, colour: Colour
) -> None:
    shown = text(head_grid(attention(layers, heads, length), screen(width, colour)))
    assert max(map(width_of, shown)) <= width


def test_what_is_left_out_is_said() -> None:
    shown = text(head_grid(attention(1, 1, 3), screen(), hidden=0.5, merged=True))
    assert shown[-2:] == [MERGED, hidden_note(0.5)]


def test_what_a_head_was_found_to_do_stands_under_its_name() -> None:
    found = {Head(0, 1): (Label("previous word", 0.9), Label("itself", 0.5))}
    shown = text(head_grid(attention(2, 3, 20), screen(80, Colour.NONE), labels=found))
    assert shown[1].split() == ["0.0", "0.1", "0.2"]
    assert shown[2].strip() == "previous word"
    assert shown[2].index("previous") == shown[1].index("0.1")
    assert not any("previous" in line for line in shown[3:])
    narrow = text(head_grid(attention(2, 3, 5), screen(80, Colour.NONE), labels=found))
    assert narrow[2].strip() == "previ…"
