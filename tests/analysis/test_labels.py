"""What a head is called: only what it finds better than every rule, and its habits."""

from __future__ import annotations

import numpy as np

from attnviz.analysis.labels import Label, are_of, label_heads
from attnviz.analysis.measured import measure
from attnviz.analysis.probes import Probe
from attnviz.result import Head, ModelInfo
from tests.analysis.results import result, words


def probed(relation, right, rule, n=100):
    found = Probe(relation, (3,), (0, 1), np.array([right]), n)
    found.rules["nearest noun"] = rule
    return found


def test_a_head_is_called_by_what_it_finds_beside_the_best_rule():
    found = label_heads([probed("noun antecedent", [64, 30], 29)])
    assert found == {Head(3, 0): (Label("noun antecedent", 0.64, 0.29, "nearest noun", 100),)}


def test_a_head_that_is_hardly_better_than_a_rule_has_no_name():
    assert label_heads([probed("antecedent", [58, 30], 52)]) == {}


def test_relations_come_in_the_order_of_how_far_they_are_above_and_three_at_most():
    probes = [probed(str(right), [right, 0], 10) for right in (40, 90, 60, 70)]
    [labels] = label_heads(probes).values()
    assert [label.what for label in labels] == ["90", "70", "60"]


def test_habits_are_half_of_the_weight_or_more():
    units = words("[CLS]", "a", "b", "c", "d")
    back = np.eye(5, k=-1)
    rest = np.zeros((5, 5))
    rest[:, 0] = 1
    one = result(units, np.array([[back, rest]], np.float32))
    found = label_heads([], measure([one]))
    assert found == {
        Head(0, 0): (Label("previous word", 1.0),),
        Head(0, 1): (Label("special tokens", 1.0),),  # not the first token too, which is one
    }


def test_labels_are_of_the_heads_of_the_first_stack_and_of_no_paths():
    reader, writer = ModelInfo("reader"), ModelInfo("writer")
    both = ModelInfo("both", n_target_layers=6)
    assert are_of(reader, "encoder") and are_of(writer, "decoder") and are_of(both, "encoder")
    assert not are_of(both, "decoder") and not are_of(both, "cross")
    assert are_of(reader, "encoder", "norm") and not are_of(reader, "encoder", "rollout")
