"""``attnviz cut``: what a link changes, beside links of equal weight."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import attnviz as api
from attnviz.analysis.cuts import (
    Cut,
    Ranked,
    bounds,
    controls,
    divergence,
    moved,
    percentile,
    weight_of,
)
from attnviz.errors import InputError, UnknownWord
from attnviz.model.cut import Cutter
from attnviz.result import AttentionMap, Head

TEXT = "He took the hat and examined it carefully"


def test_distance_is_one_minus_the_cosine():
    before = np.array([[1, 0], [1, 0], [2, 0]], np.float32)
    after = np.array([[0, 3], [5, 0], [1, 1]], np.float32)
    np.testing.assert_allclose(moved(before, after), [1, 0, 1 - 0.5**0.5], atol=1e-7)


def test_a_percentile_is_the_share_that_changes_less():
    assert percentile(0.3, np.array([0.1, 0.2, 0.3, 0.4])) == 0.5
    assert percentile(0.3, np.array([])) is None


def test_divergence_is_in_bits():
    # p = (1/2, 1/2), q = (1/4, 3/4): 1/2 log2 2 + 1/2 log2 2/3 = 1 - log2(3) / 2
    before, after = np.log([0.5, 0.5]) + 3, np.log([0.25, 0.75]) - 7
    assert divergence(before, after) == pytest.approx(1 - np.log2(3) / 2)
    assert divergence(after, after) == 0


def test_percentiles_are_told_for_stricter_and_looser_equality():
    others = [Ranked(Cut(()), weight, effect) for weight, effect in (
        (0.4, 0.1), (0.5, 0.3), (0.3, 0.05), (0.21, 0.0), (0.1, 0.0))]  # fmt: skip
    assert bounds(0.2, 0.4, others) == ((0.5, 2), (0.75, 4))
    assert bounds(0.2, 9.0, others) is None


def test_one_head_is_compared_with_links_of_equal_weight_in_its_layer():
    weights = np.zeros((2, 2, 2, 2), np.float32)
    weights[0, 0] = [[0.5, 0.4], [0.1, 0.9]]
    weights[0, 1] = [[0.7, 0.2], [0.0, 0.31]]
    weights[1] = 0.5  # another layer
    found = controls(AttentionMap(weights), Cut((Head(0, 0),), 0, 0))
    assert [(str(one.cut.heads[0]), one.cut.query, one.cut.key) for one in found] == [
        ("0.0", 0, 1), ("0.1", 0, 0)]  # fmt: skip
    assert [one.weight for one in found] == pytest.approx([0.4, 0.7])


def test_several_heads_are_compared_with_other_links_in_the_same_heads():
    weights = np.full((1, 2, 3, 3), 0.2, np.float32)
    weights[0, :, 0, 1] = 0.4
    cut = Cut((Head(0, 0), Head(0, 1)), 0, 1)
    map = AttentionMap(weights)
    assert weight_of(map, cut) == pytest.approx(0.8)
    assert controls(map, cut) == []
    weights[0, :, 2, 0] = 0.35
    assert [one.cut for one in controls(AttentionMap(weights), cut)] == [Cut(cut.heads, 2, 0)]


def test_what_is_cut_gets_no_weight_and_the_rest_shares_it():
    model = api.load()
    raw = model.attend(TEXT).maps["encoder"].weights
    cutter = Cutter(model, model.encode(TEXT))
    cut = cutter.weights(Cut((Head(3, 1),), 7, 4)).weights
    assert cut[3, 1, 7, 4] == 0
    rest = np.delete(raw[3, 1, 7], 4)
    np.testing.assert_allclose(np.delete(cut[3, 1, 7], 4), rest / rest.sum(), atol=1e-5)
    np.testing.assert_allclose(cut[:3], raw[:3], atol=1e-5)  # nothing before it changes
    others = [h for h in range(12) if h != 1]
    np.testing.assert_allclose(cut[3, others], raw[3, others], atol=1e-5)


def test_a_silent_head_has_no_weight_at_all():
    model = api.load()
    cut = Cutter(model, model.encode(TEXT)).weights(Cut((Head(2, 5),))).weights
    assert (cut[2, 5] == 0).all()
    np.testing.assert_allclose(cut[2, 4].sum(axis=-1), 1, atol=1e-5)


def test_many_cuts_together_are_each_alone():
    model = api.load()
    cutter = Cutter(model, model.encode(TEXT))
    cuts = [Cut(()), Cut((Head(3, 1),), 7, 4), Cut((Head(0, 0),)), Cut((Head(5, 7),), 1, 2)]
    for together, cut in zip(cutter.vectors(cuts), cuts, strict=True):
        np.testing.assert_allclose(together, cutter.vectors([cut])[0], atol=1e-5)
    plain = model.attend(TEXT, hidden=True).hidden
    np.testing.assert_allclose(cutter.vectors([Cut(())])[0], plain, atol=1e-5)


def test_one_head_is_not_remarkable_and_all_heads_are():
    """The figures of the gallery, against 74 links and against the same word's other link."""
    model = api.load()
    one = api.cut(model, TEXT, "it->hat", heads=[Head(3, 1)])
    assert one.percentile == pytest.approx(0.74, abs=0.03) and one.effect < 0.01
    every = api.cut(model, TEXT, "it → hat")
    assert every.effect == pytest.approx(0.327, abs=0.005)
    assert every.nearest.effect == pytest.approx(0.029, abs=0.003)
    assert every.tokens[every.nearest.cut.key].text == "examined"
    assert every.words[0].word.text == "it"
    assert every.before[0].named[0].word.text == "hat" and every.after[0].named == ()


def test_the_program_says_so(attnviz):
    said = attnviz("cut", TEXT, "--link", "it->hat", "--head", "3.1").text
    assert said.startswith("Cutting it → hat in head 3.1, of weight 0.80, moves")
    assert re.search(
        r"more than 7\d% of 7\d links of equal weight in layer 3 .*not remarkable", said
    )
    assert "Before: it refers to hat" in said and "Effects follow weight" in said
    [document] = attnviz("cut", TEXT, "--link", "it->hat", "--head", "3.1", "--json").documents
    assert document["said"] == said.splitlines()[:4]
    assert "Head 3.1 was found to be: noun antecedent .64 against .29, " in said
    assert document["percentile"] == pytest.approx(
        sum(one < document["effect"] for one in document["others"]) / len(document["others"])
    )


def test_more_than_every_other_is_said_in_words(attnviz):
    said = attnviz("cut", TEXT, "--link", "it->hat").text
    strict = re.search(r"up to 1\.25 it is more than all of \d+ links?, up to 2 than 98% of", said)
    assert strict and "100%" not in said


def test_a_head_or_a_layer_is_silenced(attnviz):
    head = attnviz("cut", TEXT, "--head", "5.7").text
    assert re.match(r"Silencing head 5\.7 moves .*\nThat is more than \d+% of the 11 other", head)
    layer = attnviz("cut", TEXT, "--layer", "5").text
    assert layer.startswith("Silencing the 12 heads of layer 5 moves")


def test_a_search_ranks_heads_and_links(attnviz):
    said = attnviz("cut", "He took the hat", "--search").text
    assert "\n3.1 noun antecedent " in said
    assert said.startswith("Heads, silenced") and "Links, cut in all heads" in said
    [document] = attnviz("cut", "He took the hat", "--search", "--json").documents
    for found in (document["heads"], document["links"]):
        effects = [one["effect"] for one in found]
        assert effects == sorted(effects, reverse=True) and len(effects) == 10


def test_a_cut_is_drawn_written_and_a_page(attnviz, tmp_path):
    files = [f"cut.{suffix}" for suffix in ("png", "svg", "html", "json")]
    ended = attnviz("cut", TEXT, "--link", "it->hat", *(x for one in files for x in ("-o", one)))
    assert ended.code == 0 and ended.text == ""
    svg = (tmp_path / "cut.svg").read_text(encoding="utf-8")
    assert "it → hat in all 72 heads" in svg and "21 links of equal weight" in svg
    page = (tmp_path / "cut.html").read_text(encoding="utf-8")
    assert page.count("<img") == 1 and "<p>Cutting it → hat in all 72 heads" in page
    assert "<td>it</td><td>0.3265</td>" in page
    [document] = attnviz("cut", TEXT, "--link", "it->hat", "--json").documents
    assert json.loads((tmp_path / "cut.json").read_text(encoding="utf-8")) == document


def test_a_search_is_drawn_as_all_heads_and_all_links(attnviz, tmp_path):
    text = "He took the hat"
    ended = attnviz("cut", text, "--search", "-o", "all.svg", "-o", "all.html")
    assert ended.code == 0
    svg = (tmp_path / "all.svg").read_text(encoding="utf-8")
    assert "heads, silenced" in svg and "links, cut in all heads" in svg and "layer 5" in svg
    [document] = attnviz("cut", text, "--search", "--json").documents
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2 and f"<td>{document['heads'][0]['head']}</td>" in page
    assert f"<td>{document['links'][0]['link']}</td>" in page


def test_where_a_picture_cannot_go_is_known_before_a_model_is_read(attnviz):
    ended = attnviz("cut", TEXT, "--head", "3.1", "-o", "none/cut.png", "-m", "no/model")
    assert ended.code == 1 and ended.err.startswith("attnviz: there is no folder 'none'")


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ([], 2, "there is nothing to cut"),
        (["--search", "-o", "cut.csv"], 2, "'cut.csv' has no suffix that can be written"),
        (["--search", "-o", "cut.png", "--palette", "red"], 2, "there is no palette 'red'"),
        (["--head", "3.1", "--all"], 2, "give one of them"),
        (["--search", "--head", "3.1"], 2, "takes no --link and no heads"),
        (["--head", "31"], 2, "'31' is not a head"),
        (["--layer", "x"], 2, "--layer 'x' is not a whole number"),
        (["--link", "it"], 1, "'it' is no link; write it as it->hat"),
        (["--link", "it->cat"], 1, "there is no word 'cat' here"),
        (["--head", "9.9"], 1, "there is no head 9.9"),
        (["--layer", "9"], 1, "there is no head 9.0"),
    ],
)
def test_what_cannot_be_cut_is_one_sentence(attnviz, given, code, said):
    ended = attnviz("cut", TEXT, *given)
    assert ended.code == code and said in ended.err and ended.err.count("\n") == 1


def test_models_of_two_stacks_are_refused():
    with pytest.raises(InputError, match="cut is for models with one"):
        api.cut(api.load("attnviz-en-fr-small"), "A cat", "cat->A")


def test_a_word_that_is_not_there_is_refused():
    with pytest.raises(UnknownWord):
        api.cut(api.load(), TEXT, "dog->hat")
