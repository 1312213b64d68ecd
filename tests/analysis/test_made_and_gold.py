"""Sentences made by rule order the heads of the embedded model as annotated text does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import attnviz as api

GOLD = json.loads((Path(__file__).parents[1] / "fixtures" / "gold_heads.json").read_text("utf-8"))
DEPENDENCIES = [name for name in GOLD if "antecedent" not in name]


@pytest.fixture(scope="module")
def made():
    return api.probe(api.load())


def compared(made, names):
    """Spearman's ρ over all heads, and what the best head of made sentences loses on gold."""
    of_made = sum(made[name].right for name in names).ravel()
    right, n = (sum(np.asarray(GOLD[name][what]) for name in names) for what in ("right", "n"))
    gold = right.ravel() / n
    return spearmanr(of_made, gold).statistic, gold.max() - gold[of_made.argmax()]


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_heads_stand_in_the_order_of_a_treebank(made, name):
    rho, lost = compared(made, [name])
    assert rho > 0.85 and lost < 0.03


def test_and_where_only_nouns_are_right(made):
    rho, lost = compared(made, ["noun antecedent"])
    assert rho > 0.7 and lost < 0.03


def test_and_where_pronouns_refer_to_something(made):
    rho, lost = compared(made, ["antecedent", "noun antecedent"])
    assert rho > 0.85 and lost < 0.03
