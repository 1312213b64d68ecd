"""Choosing what to show: a head, a mean that says over what, the head that says most."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.choose import (
    default_kind,
    head_matrix,
    mean_matrix,
    most_telling,
)
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view, select_heads
from attnviz.errors import UnknownHead
from attnviz.result import AttentionMap, AttentionResult, Head
from tests.analysis.results import result, uniform, words

SENTENCE = words("[CLS]", "he", "took", "the", "hat", "and", "liked", "it", "[SEP]")
N = len(SENTENCE)


def heads(**changed):
    """Two layers of three uniform heads over the sentence, some replaced: ``h1_2=weights``."""
    weights = np.tile(uniform(N), (2, 3, 1, 1))
    for name, head in changed.items():
        weights[int(name[1]), int(name[3])] = head
    return make_view(result(SENTENCE, weights))


def to_hat(strength=0.75):
    """Every word looks at [CLS], but "it" at "hat"."""
    weights = np.zeros((N, N))
    weights[:, 0] = 1.0
    weights[7, 0], weights[7, 4] = 1 - strength, strength
    return weights


def test_one_head_is_shown_as_it_is():
    matrix = head_matrix(heads(h1_2=to_hat()), "encoder", Head(1, 2))
    np.testing.assert_allclose(matrix.weights, to_hat())
    assert (matrix.heads, matrix.head, matrix.hidden) == ((Head(1, 2),), Head(1, 2), 0)
    assert [t.text for t in matrix.queries] == [t.text for t in SENTENCE]


def layer(view, index):
    return mean_matrix(make_view(select_heads(view.result, layer=index)), "encoder")


def test_a_layer_is_the_mean_of_its_heads():
    matrix = layer(heads(h1_0=to_hat()), 1)
    np.testing.assert_allclose(matrix.weights, (to_hat() + 2 * uniform(N)) / 3, atol=1e-6)
    assert (matrix.heads, matrix.head) == ((Head(1, 0), Head(1, 1), Head(1, 2)), None)


def test_the_mean_of_everything_says_over_what():
    matrix = mean_matrix(heads(h1_0=to_hat()), "encoder")
    np.testing.assert_allclose(matrix.weights, (to_hat() + 5 * uniform(N)) / 6, atol=1e-6)
    assert matrix.heads == tuple(Head(layer, head) for layer in (0, 1) for head in (0, 1, 2))


def test_a_matrix_says_how_much_weight_went_to_hidden_tokens():
    view = make_view(result(SENTENCE, np.tile(to_hat(), (1, 1, 1, 1))), special=False)
    matrix = head_matrix(view, "encoder", Head(0, 0))
    assert matrix.hidden == pytest.approx((6 * 1.0 + 0.25) / 7)
    assert matrix.weights[6, 3] == pytest.approx(0.75)


def test_a_slice_keeps_the_names_of_its_heads():
    map = AttentionMap(np.tile(uniform(N), (1, 2, 1, 1)), layers=(7,), heads=(3, 5))
    view = make_view(AttentionResult(SENTENCE, {"encoder": map}))
    assert head_matrix(view, "encoder", Head(7, 5)).head == Head(7, 5)
    assert layer(view, 7).heads == (Head(7, 3), Head(7, 5))


def test_a_head_that_is_not_there_is_refused_with_those_there_are():
    with pytest.raises(UnknownHead, match=r"9\.1.*layers 0, 1 and heads 0 to 2"):
        head_matrix(heads(), "encoder", Head(9, 1))


def telling(view, kind="encoder"):
    return most_telling(view, kind, head_statistics(view, kind))


def test_the_head_that_links_words_is_chosen_over_those_that_spread_or_shift():
    broadcast = np.zeros((N, N))
    broadcast[:, 4] = 1.0
    view = heads(h1_2=to_hat(), h0_1=np.eye(N, k=-1), h0_2=np.eye(N, k=-2), h1_0=broadcast)
    assert telling(view).head == Head(1, 2)


def test_the_choice_says_why():
    choice = telling(heads(h1_2=to_hat(0.70)))
    assert (choice.share, choice.between) == (pytest.approx(0.1), pytest.approx(0.1))
    assert choice.excluded == ("special", "itself", "neighbours")
    assert (choice.n_heads, choice.links) == (6, True)


def test_a_single_word_has_a_head_to_show_but_no_reason():
    view = make_view(result(words("[CLS]", "yes", "[SEP]"), np.tile(uniform(3), (2, 2, 1, 1))))
    assert telling(view).head == Head(0, 0)
    assert not telling(view).links


def test_cross_attention_is_shown_first_where_there_is_some():
    maps = {kind: AttentionMap(uniform(2)[None, None]) for kind in ("encoder", "decoder", "cross")}
    pair = AttentionResult(words("a", "b"), maps, target_tokens=words("c", "d"))
    assert default_kind(make_view(pair)) == "cross"
    assert default_kind(heads()) == "encoder"
