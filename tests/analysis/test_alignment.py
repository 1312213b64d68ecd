"""Word alignment read from cross attention: links, and the head to read them in."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.alignment import align, aligned, best_alignment_head
from attnviz.analysis.view import make_view
from attnviz.errors import InputError, UnknownHead
from attnviz.result import AttentionMap, AttentionResult, Head
from tests.analysis.results import tokens, words

SOURCE = words("the", "black", "cat", "sleeps", "[/s]")
TARGET = words("[pad]", "le", "chat", "noir", "dort")
ALIGNED = [
    [0.2, 0.2, 0.2, 0.2, 0.2],
    [0.7, 0.1, 0.1, 0.0, 0.1],
    [0.0, 0.3, 0.6, 0.0, 0.1],
    [0.0, 0.8, 0.1, 0.0, 0.1],
    [0.0, 0.0, 0.1, 0.4, 0.5],
]


def view(*heads, source=SOURCE, target=TARGET, texts=("", "")):
    """One layer of cross attention, each head (query, key)."""
    maps = {"cross": AttentionMap(np.asarray(heads, np.float32)[None])}
    result = AttentionResult(source, maps, target, texts=texts[:1], target_texts=texts[1:])
    return make_view(result)


def test_each_target_word_is_linked_to_the_source_word_with_most_weight():
    links = align(view(ALIGNED), Head(0, 0))
    # row 4 has most weight on [/s], which is no word
    assert [(link.query, link.key) for link in links] == [(1, 0), (2, 2), (3, 1), (4, 3)]
    assert [link.weight for link in links] == pytest.approx([0.7, 0.6, 0.8, 0.4])
    assert {link.head for link in links} == {Head(0, 0)}


def test_aligned_are_the_words_alone():
    source, target, links = aligned(view(ALIGNED), Head(0, 0))
    assert [word.text for word in source] == ["the", "black", "cat", "sleeps"]
    assert [word.text for word in target] == ["le", "chat", "noir", "dort"]
    assert [(link.query, link.key) for link in links] == [(0, 0), (1, 2), (2, 1), (3, 3)]


def test_special_tokens_in_between_do_not_count():
    target = words("[pad]", "le", "[fr]", "chat", "[/s]")
    found = aligned(view(ALIGNED, target=target), Head(0, 0))
    assert [(link.query, link.key) for link in found.links] == [(0, 0), (1, 1)]


def test_of_equal_weights_the_first_word_is_linked():
    assert {link.key for link in align(view(np.full((5, 5), 0.2)), Head(0, 0))} == {0}


def test_a_word_of_several_pieces_is_linked_once_by_the_sum_of_their_weights():
    source = tokens("uncatlike dog", "un+cat+like dog [/s]")
    target = words("[pad]", "chien")
    row = [0.2, 0.2, 0.2, 0.3, 0.1]
    (link,) = align(
        view([row, row], source=source, target=target, texts=("uncatlike dog", "")), Head(0, 0)
    )
    assert (link.query, link.key, link.weight) == (1, 0, pytest.approx(0.6))


def test_a_head_that_is_not_there_is_refused():
    with pytest.raises(UnknownHead, match=r"no head 0\.7"):
        align(view(ALIGNED), Head(0, 7))


def test_a_result_of_one_text_has_nothing_to_align():
    alone = AttentionResult(SOURCE, {"encoder": AttentionMap(np.zeros((1, 1, 5, 5)))})
    with pytest.raises(InputError, match="no 'cross' map"):
        align(make_view(alone), Head(0, 0))


def test_without_words_on_one_side_there_are_no_links():
    empty = view([[0.5], [0.5]], source=words("[/s]"), target=words("[pad]", "oui"))
    assert align(empty, Head(0, 0)) == ()
    with pytest.raises(InputError, match="no word to align"):
        best_alignment_head([empty])


def to(*keys, weight=0.9):
    """A head whose target words look at these source words."""
    rows = np.full((5, 5), (1 - weight) / 4)
    for row, key in enumerate(keys, start=1):
        rows[row, key] = weight
    return rows


def test_a_peaked_head_along_the_diagonal_is_the_best():
    flat, sink = np.full((5, 5), 0.2), to(4, 4, 4, 4)
    first, backwards = to(0, 0, 0, 0), to(3, 2, 1, 0)
    best = best_alignment_head([view(flat, sink, first, backwards, to(0, 2, 1, 3, weight=0.8))])
    assert best.head == Head(0, 4)
    assert best.peakedness == pytest.approx(0.8)
    # of four words two look one place, that is 1/4, aside: 1 - 3 × (1/4 + 1/4) / 4
    assert best.diagonality == pytest.approx(0.625)


def test_the_best_head_is_chosen_over_all_texts():
    one = [view(to(0, 1, 2, 3), to(0, 1, 2, 3, weight=0.8))]
    other = [view(to(0, 0, 0, 0), to(0, 1, 2, 3, weight=0.8))]
    assert best_alignment_head(one).head == Head(0, 0)
    assert best_alignment_head(one + other).head == Head(0, 1)
    pooled = best_alignment_head(other + one)
    assert (pooled.peakedness, pooled.diagonality) == pytest.approx((0.8, 1.0))
