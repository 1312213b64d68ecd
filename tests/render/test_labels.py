"""What heads are called in words."""

from __future__ import annotations

from attnviz.analysis.labels import Label
from attnviz.render.labels import label_text, labels_text, named_head
from attnviz.result import Head

RELATION = Label("noun antecedent", 0.644, 0.295, "nearest noun", 146)
HABIT = Label("previous word", 0.999)


def test_a_relation_stands_beside_what_a_simple_rule_reaches():
    assert label_text(RELATION) == "noun antecedent .64 against .29"
    assert label_text(HABIT) == "previous word 1.00"
    assert labels_text([HABIT, RELATION]) == "previous word 1.00, noun antecedent .64 against .29"


def test_a_head_is_named_with_the_first_thing_that_it_does():
    assert named_head(Head(3, 1), {Head(3, 1): (RELATION, HABIT)}) == "3.1 noun antecedent"
    assert named_head(Head(3, 2), {Head(3, 1): (RELATION,)}) == "3.2"


def test_labels_of_a_file_do_not_act():
    assert "\x1b" not in label_text(Label("\x1b[31m", 0.5))
