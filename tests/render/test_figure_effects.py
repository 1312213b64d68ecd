"""The effect of a cut among those of its controls: a dot for each, a line for the cut."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from attnviz.analysis.cuts import Cut, CutEffect, Moved, Ranked
from attnviz.errors import InputError
from attnviz.render.cuts import CAUSE
from attnviz.render.figure import Style
from attnviz.render.figure.effects import DOTS, cut_effect, stacked
from attnviz.result import Head, Token
from tests.render.drawn import cut, notes, overlapping, texts

WORDS = tuple(map(Token, ("He", "took", "it")))


def effect(others=(0.1, 0.2, 0.9), value=0.5, **given):
    """A cut of it → He in head 3.1."""
    one = Cut((Head(3, 1),), 2, 0)
    moved = (Moved(2, WORDS[2], value),)
    return CutEffect(one, WORDS, 0.8, value, np.array(others, float), moved, **given)


def dots(figure):
    """The places and the edges of all dots but those of the legend."""
    [*found] = (one for one in figure.findobj(PathCollection))
    return np.array(found[0].get_offsets()), found[0].get_edgecolors()


def test_every_control_is_a_dot_at_its_effect():
    places, _ = dots(cut_effect(effect()))
    along = np.sort(places[:, 0])
    np.testing.assert_allclose(along / along[0], [1, 2, 9], rtol=1e-6)


def test_it_says_what_was_cut_what_dots_are_and_that_effects_follow_weight():
    figure = cut_effect(effect(), title="made, without it → He")
    said = notes(figure)
    assert {"it → He  0.5", "3 links of equal weight in layer 3", "median 0.2"} <= set(
        texts(figure)
    )
    assert "how far the final vector of “it” moves (1 − cosine)" in said and CAUSE in said
    assert "more than 67% of 3 links" in said and "made, without it → He" in said
    assert CAUSE not in notes(cut_effect(effect(), Style(notes=False)))


def test_the_other_link_of_the_word_has_an_edge():
    near = Ranked(Cut((Head(3, 1),), 2, 1), 0.7, 0.2)
    figure = cut_effect(effect(nearest=near))
    places, edges = dots(figure)
    dark = edges[:, :3].sum(axis=1) < 1
    np.testing.assert_allclose(places[dark, 0] / places[:, 0].min(), [2])
    assert "it → took, of weight 0.70: 0.2" in texts(figure)


def test_dots_of_one_place_stand_on_each_other_and_as_high_as_there_is_room():
    across, up = stacked(np.array([0.5, 0.5, 0.5, 2.0]), 1.0)
    assert across == DOTS[0]
    np.testing.assert_allclose(np.sort(up) / across, [0.5, 0.5, 1.5, 2.5])
    across, up = stacked(np.full(300, 0.5), 1.0)
    assert across == DOTS[-1] and up.max() <= 1 and len(set(up.tolist())) == 300


@pytest.mark.parametrize("value", [0.0, 0.02, 1.9])
@pytest.mark.parametrize("size", [None, (3.3, 3.2), (9, 4)])
@pytest.mark.parametrize("others", [(), (0.3,), tuple(np.linspace(0, 0.7, 200) ** 3)])
def test_nothing_is_cut_off_or_covered(others, size, value):
    figure = cut_effect(effect(others, value), Style(size=size), title="made: He took it")
    assert not cut(figure) and not overlapping(figure)


def test_without_controls_only_the_cut_is_drawn():
    figure = cut_effect(effect(()))
    assert not figure.findobj(PathCollection)
    assert "no link of equal weight" in notes(figure) and "it → He  0.5" in texts(figure)


def test_a_size_without_room_is_refused():
    with pytest.raises(InputError, match="no room for its dots; give it a larger --size"):
        cut_effect(effect(), Style(size=(3, 1)))
