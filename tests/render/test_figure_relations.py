"""Which heads find which relations: dots of the best heads, an interval, a line for the rule."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.patches import Rectangle

from attnviz.analysis.probes import Probe
from attnviz.errors import InputError
from attnviz.render.figure import Style
from attnviz.render.figure.relations import MOST, relations
from tests.render.drawn import cut, labels, notes, overlapping, texts


def probe(relation="det → head", right=((90, 40), (60, 75)), n=100, nearest=70):
    counts = np.array(right)
    return Probe(
        relation, (0, 1), (0, 1), counts, n, {"nearest": float(nearest)}, Counter({1: n // 2})
    )


def accuracies(figure):
    """Where dots are on an axis from 0 to 1, those behind first."""
    return [x for dots in figure.findobj(PathCollection) for x in dots.get_offsets()[:, 0]]


def test_the_axis_goes_from_0_to_1():
    figure = relations([probe()])
    lines = [p for p in figure.artists if isinstance(p, Rectangle) and p.get_width() == 0.01]
    zero, one = (line.get_x() + 0.005 for line in (lines[0], lines[4]))
    box, width = figure.axes[0].get_position(), figure.get_size_inches()[0]
    assert (zero, one) == pytest.approx((box.x0 * width, box.x1 * width))
    assert figure.axes[0].get_xlim() == (0, 1)


def test_the_best_three_heads_are_dots_at_their_accuracies():
    found = accuracies(relations([probe()]))
    assert found == pytest.approx([0.6, 0.75, 0.9])  # the best one in front


def test_names_stand_beside_it_bold_where_the_best_head_is_clearly_better():
    shown = {text.get_text(): text for text in labels(relations([probe()], title="made"))}
    assert {"made", "det → head (100)", "0.0  .90", ".70  nearest"} <= set(shown)
    assert shown["det → head (100)"].get_fontweight() == "bold"
    weak = relations([probe(nearest=88)])  # whose interval begins at .83
    [name] = (text for text in labels(weak) if text.get_text() == "det → head (100)")
    assert name.get_fontweight() == "normal"


def test_relations_with_most_examples_come_first():
    shown = texts(relations([probe("few", n=100), probe("many", n=200)]))
    assert shown.index("many (200)") < shown.index("few (100)")


def test_what_is_seen_is_said_unless_nobody_wants_it():
    assert "95 % interval (Wilson 1927)" in notes(relations([probe()]))
    assert "Wilson" not in notes(relations([probe()], Style(notes=False)))


@pytest.mark.parametrize("size", [None, (5, 4), (12, 6)])
@pytest.mark.parametrize("n", [1, 12])
def test_nothing_is_cut_off_or_covered(n, size):
    probes = [probe(f"a relation with quite a long name {i} → head", n=9000 - i) for i in range(n)]
    figure = relations(probes, Style(size=size), title="a model, what heads find in made sentences")
    assert not cut(figure) and not overlapping(figure)


def test_of_very_many_the_largest_are_shown():
    figure = relations([probe(f"relation {i}", n=100 + i) for i in range(MOST + 3)])
    assert f"only the {MOST} of {MOST + 3} relations" in notes(figure)
    assert "relation 2 (102)" not in texts(figure) and "relation 3 (103)" in texts(figure)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="no relation to draw"):
        relations([])
    for size in ((2, 4), (6, 0.9)):
        with pytest.raises(InputError, match="no room for its relations"):
            relations([probe()] * 9, Style(size=size))
