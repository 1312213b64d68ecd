"""The figure of a walk: the numbers of each key, and what narrow ones do without."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from attnviz.errors import InputError
from attnviz.render.explained_numbers import effects, weighed
from attnviz.render.figure import Style
from attnviz.render.figure.walk import walk_figure
from tests.render.drawn import cut, labels, notes, overlapping, texts
from tests.support.walks import hat, long, spelt

pytestmark = pytest.mark.filterwarnings("ignore:the text has .* trained on")


def test_it_has_the_numbers_of_every_key():
    shown = set(texts(walk_figure(hat())))
    for table in (weighed(hat()), effects(hat())):
        columns = [i for i, name in enumerate(table.columns) if name != "‖v‖"]
        assert {row.entries[i] for row in table.rows for i in columns} <= shown
    title = "How head 3.1 (noun antecedent) makes “it” look at “hat”: 0.801"
    assert {"22.743", "69.6", "hat", title} <= shown
    assert "Head 3.1 was found to be: noun antecedent" in notes(walk_figure(hat()))
    assert "its value is short" in notes(walk_figure(hat()))


def test_a_text_longer_than_those_of_the_training_is_told_of():
    said = "trained on up to 128"
    assert said in notes(walk_figure(long(), Style()))
    assert said not in notes(walk_figure(hat(), Style()))


def test_the_strongest_key_is_bold():
    bold = {text.get_text() for text in labels(walk_figure(hat())) if text.get_weight() == "bold"}
    assert {"hat", "0.801", "2.76"} <= bold and "[CLS]" not in bold


def test_bars_are_as_long_as_weights_are_large():
    drawn = walk_figure(hat(), Style(notes=False)).artists
    widths = [patch.get_width() for patch in drawn if isinstance(patch, Rectangle)]
    weights = widths[:10]
    assert np.allclose(np.array(weights) / max(weights), hat().weights / hat().weights.max())


@pytest.mark.parametrize("size", [None, (6.5, 4.5), (5, 4.2), (3.4, 5), (12, 8)])
def test_nothing_overlaps_or_is_cut(size):
    for walk in (hat(), long()):
        figure = walk_figure(walk, Style(size=size))
        assert not overlapping(figure) and not cut(figure)


def test_a_narrow_figure_spares_the_scores_but_never_the_weights():
    shown = texts(walk_figure(hat(), Style(size=(3.4, 3), notes=False)))
    assert {"weight", "adds"} <= set(shown) and "e^score" not in shown


def test_too_small_a_figure_is_refused():
    with pytest.raises(InputError, match="no room"):
        walk_figure(hat(), Style(size=(1.5, 3)))
    with pytest.raises(InputError, match="no room"):
        walk_figure(hat(), Style(size=(6, 1)))


def test_of_many_keys_those_with_most_weight_are_drawn_and_all_are_summed():
    shown = texts(walk_figure(long()))
    assert f"sum over {len(long().weights)}" in shown


def test_long_and_hostile_tokens_keep_their_place():
    figure = walk_figure(spelt(["a" * 300, "\x1b[31m", "$x$", "", *"cdefgh"]))
    assert "\\x1b[31m" in texts(figure) and "$x$" in texts(figure)
    assert not overlapping(figure) and not cut(figure)
