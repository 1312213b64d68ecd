"""Annotation beside a model's own words: joined sentences, and nodes found among words."""

from __future__ import annotations

from attnviz.analysis.annotated import Mention, Node, Sentence, join, word_of_node
from attnviz.result import Token


def sentence(text, *spans, mentions=()):
    nodes = tuple(
        Node(text[start:end], "X", at - 1, "dep" if at else "root", start, end)
        for at, (start, end) in enumerate(spans)
    )
    return Sentence(text, nodes, tuple(mentions), "d")


def words(*spans, special=()):
    return [
        Token("w", start=a, end=b, word=i, special=i in special) for i, (a, b) in enumerate(spans)
    ]


def test_joined_sentences_count_on():
    both = join(
        [
            sentence("a b", (0, 1), (2, 3), mentions=[Mention("7", 0, 1, 1)]),
            sentence("c d", (0, 1), (2, 3), mentions=[Mention("7", 1, 1, 1)]),
        ]
    )
    assert both.text == "a b c d"
    assert [both.text[n.start : n.end] for n in both.nodes] == ["a", "b", "c", "d"]
    assert [n.head for n in both.nodes] == [-1, 0, -1, 2]
    assert both.mentions == (Mention("7", 0, 1, 1), Mention("7", 3, 3, 3))
    assert both.document == "d"


def test_words_of_a_treebank_may_be_one_word_here():
    its = sentence("it's here", (0, 2), (2, 4), (5, 9))
    assert word_of_node(its, words((0, 0), (0, 4), (5, 9), special=(0,))) == (1, 1, 2)


def test_a_treebank_word_of_several_words_here_begins_at_the_first():
    assert word_of_node(
        sentence("10-15 m", (0, 5), (6, 7)), words((0, 2), (2, 3), (3, 5), (6, 7))
    ) == (
        0,
        3,
    )


def test_nodes_written_as_one_are_the_same_word():
    assert word_of_node(sentence("don't go", (0, 5), (0, 5), (6, 8)), words((0, 5), (6, 8))) == (
        0,
        0,
        1,
    )


def test_what_was_cut_off_has_no_word():
    assert word_of_node(sentence("a b", (0, 1), (2, 3)), words((0, 1))) == (0, None)
