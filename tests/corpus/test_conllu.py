"""CoNLL-U: text, trees and mentions as they are annotated, and bad lines by their number."""

from __future__ import annotations

import pytest

from attnviz.analysis.annotated import Mention
from attnviz.corpus.conllu import read_conllu
from attnviz.corpus.lines import Text
from attnviz.errors import InputError


def row(id, form, head="0", upos="X", relation="dep", misc="_", deps="_"):
    return "\t".join([id, form, form, upos, "_", "_", head, relation, deps, misc])


def read(*lines, tell=None):
    numbered = (Text(line, number) for number, line in enumerate(lines, 1))
    return list(read_conllu(numbered, "f.conllu", *([] if tell is None else [tell])))


def test_the_text_is_as_it_was_written_and_offsets_count_in_it():
    [sentence] = read(
        "# text = He ran.",
        row("1", "He", "2", "PRON", "nsubj"),
        row("2", "ran", "0", "VERB", "root", "SpaceAfter=No"),
        row("3", ".", "2", "PUNCT", "punct"),
    )
    assert sentence.text == "He ran."
    assert [sentence.text[n.start : n.end] for n in sentence.nodes] == ["He", "ran", "."]
    assert [(n.head, n.relation) for n in sentence.nodes] == [
        (1, "nsubj"),
        (-1, "root"),
        (1, "punct"),
    ]


def test_enhanced_dependencies_say_of_what_else_a_word_depends():
    """Not of empty nodes, which are left out, and not as a subject that another verb controls."""
    [sentence] = read(
        row("1", "He", "2", "PRON", "nsubj", deps="2:nsubj|4:nsubj|5.1:nsubj|6:nsubj:xsubj"),
        row("2", "came", "0", "VERB", "root", deps="0:root"),
        row("3", "and", "4", "CCONJ", "cc", deps="4:cc"),
        row("4", "wanted", "2", "VERB", "conj", deps="2:conj:and"),
        row("5", "to", "6", "PART", "mark", deps="broken"),
        row("6", "stay", "4", "VERB", "xcomp"),
    )
    assert [node.shared for node in sentence.nodes] == [((3, "nsubj"),), (), (), (), (), ()]


def test_words_written_as_one_share_their_place():
    [sentence] = read(
        row("1-2", "don't", "_", misc="SpaceAfter=No"),
        row("1", "do", "0"),
        row("2", "n't", "1"),
        row("3", "!", "1"),
    )
    assert sentence.text == "don't!"
    assert [(n.form, n.start, n.end) for n in sentence.nodes] == [
        ("do", 0, 5),
        ("n't", 0, 5),
        ("!", 5, 6),
    ]


def test_empty_nodes_are_no_words():
    [sentence] = read(row("1", "a"), row("1.1", "gone", "_"), row("2", "b", "1"))
    assert sentence.text == "a b" and len(sentence.nodes) == 2


def test_every_sentence_knows_its_document():
    found = read(
        "# newdoc id = one",
        row("1", "a"),
        "",
        row("1", "b"),
        "",
        "# newdoc id = two",
        row("1", "c"),
    )
    assert [s.document for s in found] == ["one", "one", "two"]


def test_mentions_of_gum_take_their_head_from_the_tree():
    [sentence] = read(
        "# global.Entity = GRP",
        row("1", "the", "2", misc="Entity=(7"),
        row("2", "man", "5"),
        row("3", "in", "4"),
        row("4", "Rome", "2", misc="Entity=(9)7)"),
        row("5", "saw", "0"),
        row("6", "himself", "5", misc="Entity=(7)"),
    )
    assert sentence.mentions == (
        Mention("9", 3, 3, 3),
        Mention("7", 0, 3, 1),
        Mention("7", 5, 5, 5),
    )


def test_mentions_of_corefud_say_their_head():
    [sentence] = read(
        "# global.Entity = eid-etype-head-other",
        row("1", "big", "2", misc="Entity=(e1-thing-2-"),
        row("2", "hats", "0"),
        row("3", "sold", "2", misc="Entity=e1)"),
    )
    assert sentence.mentions == (Mention("e1", 0, 2, 1),)


@pytest.mark.parametrize("mark", ["7)", "(7", ")(", "(((", "", "(e1-x-99-)"])
def test_marks_that_do_not_pair_up_are_no_error(mark):
    [sentence] = read(
        "# global.Entity = eid-etype-head-other", row("1", "a", misc=f"Entity={mark}")
    )
    assert all(m.start == m.end == m.head == 0 for m in sentence.mentions)


BAD = {
    "no tabs": "has 1 columns where CoNLL-U has 10",
    row("x", "a"): "begins with 'x', which is no number of a word",
    row("²", "a"): "begins with '²', which is no number of a word",
    row("2", "a"): "is word 2 where 1 comes next",
    row("1", "a", "_"): "has the head '_', which is no number",
    row("1", "a", "5"): "begins a sentence in which a head is no word of it",
}


@pytest.mark.parametrize("line", BAD, ids=list(BAD.values()))
def test_a_bad_line_is_named(line):
    with pytest.raises(InputError, match=f"line 2 of 'f.conllu' {BAD[line]}"):
        read("# text = a", line)


def test_a_bad_sentence_can_be_skipped():
    told: list[InputError] = []
    found = read(row("1", "a"), "", "no tabs", row("1", "b"), "", row("1", "c"), tell=told.append)
    assert [s.text for s in found] == ["a", "c"]
    assert len(told) == 1
