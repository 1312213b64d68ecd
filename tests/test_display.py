"""Results show themselves: as figures, with the choices of the command line, and in notebooks."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import attnviz
from attnviz.errors import InputError, UnknownHead, UnknownWord


@pytest.fixture(scope="module")
def result():
    return attnviz.load().attend("He took the hat and examined it carefully")


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_a_figure_shows_the_head_that_was_chosen(result):
    figure = result.figure(head="3.1", size=(3.3, 3.0))
    assert isinstance(figure, Figure)
    assert tuple(figure.get_size_inches()) == (3.3, 3.0)
    assert "head 3.1" in texts(figure)


def test_without_a_choice_it_is_the_head_that_says_most(result):
    assert "Head 3.1 is shown" in texts(result.figure())


def test_a_figure_answers(result):
    assert "0.80" in texts(result.figure(ask="it"))


def test_a_figure_of_every_head_names_each(result):
    shown = texts(result.figure(heads="all"))
    assert all(f"{layer}.{head}" in shown for layer in range(6) for head in range(12))


@pytest.mark.parametrize(
    ("choices", "error"),
    [
        ({"head": "9.1"}, UnknownHead),
        ({"ask": "zebra"}, UnknownWord),
        ({"palette": "rainbow"}, InputError),
    ],
)
def test_what_cannot_be_drawn_is_refused(result, choices, error):
    with pytest.raises(error):
        result.figure(**choices)


def test_a_map_knows_the_tokens_it_counts(result):
    map = result.maps["encoder"]
    assert map.axes == (result.tokens, result.tokens)
    assert map.select(keys=[4]).axes == map.axes


def test_results_and_maps_show_themselves_in_notebooks(result):
    for shown in (result, result.maps["encoder"]):
        assert shown._repr_html_().startswith("<iframe srcdoc=")


def test_showing_leaves_the_weights_alone(result):
    before = result.maps["encoder"].weights.copy()
    result.figure()
    result._repr_html_()
    np.testing.assert_array_equal(result.maps["encoder"].weights, before)
