"""Links: the strongest pairs of words, each with its head."""

from __future__ import annotations

import numpy as np

from attnviz.analysis.links import strongest_links
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.result import AttentionMap, AttentionResult, Head, Link
from tests.analysis.results import result, words

LETTERS = words(*"abcdef")


def links(weights, units=LETTERS, **options):
    view = make_view(result(units, weights))
    return strongest_links(view, "encoder", head_statistics(view, "encoder"), **options)


def heads(*entries):
    """Two layers of two heads that look at themselves, with (layer, head, query, key, weight)."""
    weights = np.tile(np.eye(6), (2, 2, 1, 1))
    for layer, head, query, key, weight in entries:
        weights[layer, head, query, key] = weight
    return weights


def test_a_link_names_its_words_its_weight_and_its_head():
    assert links(heads((1, 0, 4, 1, 0.75))) == [Link(4, 1, 0.75, Head(1, 0))]


def test_heavier_links_come_first_and_the_rest_is_cut_off():
    weights = heads((0, 0, 4, 1, 0.5), (1, 1, 0, 3, 0.75), (0, 1, 5, 2, 0.25))
    found = links(weights, limit=2)
    assert [(link.query, link.key) for link in found] == [(0, 3), (4, 1)]


def test_a_pair_appears_once_with_the_head_that_makes_it():
    found = links(heads((0, 0, 4, 1, 0.5), (1, 1, 4, 1, 0.75)))
    assert found == [Link(4, 1, 0.75, Head(1, 1))]


def test_itself_and_neighbours_make_no_link():
    assert links(heads((0, 0, 3, 2, 1.0), (0, 1, 3, 3, 1.0))) == []


def test_heads_keep_their_true_names():
    map = AttentionMap(heads((1, 0, 4, 1, 0.75)), layers=(3, 8), heads=(2, 9))
    view = make_view(AttentionResult(LETTERS, {"encoder": map}))
    found = strongest_links(view, "encoder", head_statistics(view, "encoder"))
    assert found == [Link(4, 1, 0.75, Head(8, 2))]


def test_links_count_the_units_that_are_shown():
    units = words("[CLS]", "a", "b", "c", "[SEP]")
    weights = np.zeros((5, 5))
    weights[3, 1] = 0.5
    view = make_view(result(units, weights), special=False)
    (link,) = strongest_links(view, "encoder", head_statistics(view, "encoder"))
    assert (view.queries("encoder")[link.query].text, view.keys("encoder")[link.key].text) == (
        "c",
        "a",
    )


def test_one_word_has_no_links():
    assert links(np.ones((1, 1)), words("yes")) == []


def test_links_of_heads_that_distance_explains_come_last():
    letters = words(*"abcdefgh")
    plain = np.full((8, 8), 1 / 8)
    plain[6, 0] = 0.3
    back = np.eye(8, k=-2)
    back[6] = 0
    back[6, 1] = 1
    found = links(np.stack([back, plain])[None], letters)
    assert [(link.query, link.key) for link in found[:1]] == [(6, 0)]
    assert (6, 1) in [(link.query, link.key) for link in found[1:]]
