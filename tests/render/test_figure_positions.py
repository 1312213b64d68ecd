"""The figure of encodings of positions: those of many layers stand side by side."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.explain.positions import Positions, PositionTable, sinusoidal
from attnviz.errors import InputError
from attnviz.render.figure import Style
from attnviz.render.figure.positions import position_figure
from tests.render.drawn import cut, notes, overlapping, texts

ROWS = np.arange(-9, 10)


def buckets(*where: str) -> Positions:
    made = np.random.default_rng(0).normal(size=(len(where), len(ROWS), 8))
    tables = (
        PositionTable("buckets", values, ROWS, where=name)
        for name, values in zip(where, made, strict=True)
    )
    return Positions(tuple(tables), "made")


LAYERS = buckets(*(f"layer {i}" for i in range(24)))


@pytest.mark.parametrize("shown", [sinusoidal(), buckets("encoder", "decoder"), LAYERS])
def test_nothing_overlaps_or_is_cut(shown: Positions) -> None:
    figure = position_figure(shown)
    assert not overlapping(figure) and not cut(figure)


def test_two_sides_stand_beside_each_other_and_layers_in_a_grid() -> None:
    width, height = position_figure(buckets("encoder", "decoder")).get_size_inches()
    assert height < width
    assert position_figure(LAYERS).get_size_inches()[1] < 14
    assert {f"layer {i}" for i in range(24)} <= set(texts(position_figure(LAYERS)))


def test_of_many_layers_the_one_that_adds_most_is_told() -> None:
    most = max(LAYERS.tables, key=lambda table: np.abs(table.values).max())
    said = notes(position_figure(LAYERS))
    assert f"Relative buckets, {most.where}: " in said
    assert said.count("Each head adds to a score") == 1


def test_a_narrow_figure_has_fewer_beside_each_other() -> None:
    assert not overlapping(position_figure(LAYERS, Style(size=(3.4, 40))))
    with pytest.raises(InputError, match="no room for its tables"):
        position_figure(LAYERS, Style(size=(3.4, 12)))
